// What was measured in a run, as the journal keeps it: results before the first change and after the last, and what came of comparing them.
#pragma once

#include "base/error.h"
#include "plan/plan.h"

#include <optional>
#include <string>
#include <vector>

namespace pgbelay::engine {

struct Evidence;

struct MeasuredColumn {
    std::string name;
    std::string type;  // as a cast has it
    bool number = false;
};
using MeasuredRow = std::vector<std::optional<std::string>>;

// A node of a plan.
struct SeenNode {
    std::string type;      // "Index Scan"
    std::string relation;  // "" where it reads none
    std::string index;
};

// How long something took, and by which plan.
struct Timed {
    int runs = 0;  // 0: it was planned only
    double median_ms = 0;
    double p95_ms = 0;
    std::vector<SeenNode> nodes;
    double max_ms = 0;                 // of a probe, as what follows
    int failed = 0;                    // samples that could not be taken
    std::optional<std::string> value;  // the median of what it answers
    std::optional<double> least;
    std::optional<double> most;
    std::string main;  // the scan of its main table: "Index Scan using orders_customer_idx on orders"
};

// One side, before or after.
struct Taken {
    std::string missing;  // why there is nothing: "column \"region\" does not exist"; "" = there is
    std::vector<MeasuredColumn> columns;
    std::vector<MeasuredRow> rows;
    std::optional<Timed> timed;
    std::vector<std::string> failures;  // after: what is not as the author demands
    std::string at;                     // of one that was read
};

struct Measured {
    std::string name;
    base::Place place;
    runbook::MeasureKind kind = runbook::MeasureKind::baseline;
    std::optional<Taken> before;  // nothing: not taken (yet)
    std::optional<Taken> after;
};

// The content of evidence, and back.
std::string to_json_text(const Taken& taken);
Taken taken_of(const Evidence& evidence);

// Everything that the plan measures, with what the evidence has of it.
std::vector<Measured> measured(const plan::Plan& plan, const std::vector<Evidence>& evidence);

// One value before and after. Rows belong together by the columns at their beginning that are no numbers, or where there are none by those
// that are none anywhere; without any by their position.
struct ValueChange {
    std::string row;     // its key: "north, open"; "" without one
    std::string column;  // "" for a row as a whole, which is only there on one side
    std::optional<std::string> before;
    std::optional<std::string> after;
    std::string difference;         // of numbers: "+20", "-0.50", "0"
    std::optional<double> percent;  // of the value before
    enum class Which { both, only_before, only_after } which = Which::both;
};
std::vector<ValueChange> changes(const Taken& before, const Taken& after);

}  // namespace pgbelay::engine
