// What is measured around a deployment: the results of queries and their plans, before the first change and after the last, and what is
// sent all the while.
#pragma once

#include "base/clock.h"
#include "base/error.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::runbook {

enum class OnBreach;

// Numbered in the journal's plans: new ones come last.
enum class MeasureKind { baseline, explain, probe };
std::string_view to_string(MeasureKind kind);  // "baseline"

// `-- not: Seq Scan on orders`.
struct ForbiddenNode {
    std::string type;   // as EXPLAIN calls it
    std::string table;  // "" = wherever it is
    bool operator==(const ForbiddenNode&) const = default;
};

struct Gauge {
    MeasureKind kind = MeasureKind::baseline;
    std::string sql;    // one statement
    base::Place place;  // of it
    std::string fail;   // `-- fail:` of a baseline or probe: SQL; true means that it fails. "" = nothing does
    bool fail_is_query = false;
    base::Millis timeout{30'000};  // of each query
    std::optional<double> max_ms;  // of an explain's median, and of a probe's latency
    // MeasureKind::explain:
    std::string uses;                    // the index that the plan must use
    std::vector<ForbiddenNode> without;  // what must not be in it
    std::vector<std::string> with;       // the expressions that $1, $2 … stand for
    std::optional<double> min_speedup;   // so many times as fast it must be at least, by the 95th percentiles
    int runs = 5;
    bool writes = false;  // ANALYZE would change something: it is planned only
    // MeasureKind::probe:
    base::Millis every{0};
    std::optional<double> max_ratio;    // of its latency over the one before the first change
    std::optional<OnBreach> on_breach;  // nothing: as the runbook's
    bool required = false;              // a probe that cannot be sent counts as a breach
    bool operator==(const Gauge&) const = default;
};

}  // namespace pgbelay::runbook
