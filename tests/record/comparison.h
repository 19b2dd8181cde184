// What a plan says of the statements of a runbook, set against what a server did when they ran one after the other.
#pragma once

#include "engine/target.h"
#include "record/recorder.h"
#include "runbook/runbook.h"

#include <string>
#include <vector>

namespace pgbelay::test {

struct Difference {
    base::Place place;
    std::string sql;
    std::string said;      // "public.t ACCESS EXCLUSIVE, rewrites public.t": only what the other side has not
    std::string recorded;  // the same of the server
    std::string evidence;  // what else the server did and said: "read public.t: 30 rows; rewriting table "t""; may be empty
    bool tables = false;   // whether it concerns a table, not only indexes, sequences and the like
};

struct Tally {
    int statements = 0;  // that a server ran in a transaction, so that they could be recorded
    int failed = 0;      // that the server refused
    int foretold = 0;    // those of them of which the plan said so
    int elsewhere = 0;   // that cannot run in a transaction, or are transaction control
    std::vector<Difference> differences;

    void add(Tally other);
    int wrong_in_tables() const;
};

// Plans the runbook on the target as it is, then runs its statements there for good.
Tally compare(engine::Target& target, Recorder& recorder, const runbook::Runbook& runbook);

}  // namespace pgbelay::test
