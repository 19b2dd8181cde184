// From a runbook and a target to a plan: ledgers say what is pending, the catalog is loaded, the plan is made.
#pragma once

#include "catalog/catalog.h"
#include "engine/target.h"
#include "plan/data_check.h"
#include "plan/new_storage.h"
#include "plan/plan.h"
#include "runbook/runbook.h"

#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::engine {

struct PrepareOptions {
    bool as_written = false;
    const base::StopSignal* stop = nullptr;  // for a plan without a database; a target has its own
    catalog::Catalog* after = nullptr;       // becomes the catalog as the plan leaves it
};

struct Prepared {
    plan::Plan plan;
    std::vector<plan::DataCheck> data_checks;   // what the rows must fulfil
    std::vector<plan::NewStorage> new_storage;  // what will be written anew
    std::vector<std::string> already_deployed;  // paths of files that a ledger knows, unchanged
    // Who is in the way right now, per step (n), described; for the plan's display.
    std::vector<std::pair<int, std::string>> in_the_way;
};

// Throws Error{conflict} for a file that changed after its deployment (the detail is the difference), Error{refused} for a
// directory on a non-empty database with neither ledger nor journal. Changes nothing.
Prepared prepare(Target& target, const runbook::Runbook& runbook, const PrepareOptions& options);

// The plan as it would be if nothing of it were there yet, for `verify`: a plan against the target as it is would skip all that
// it finds, and so have no condition left to look at. Names and definitions are still the server's.
plan::Plan prepare_from_nothing(Target& target, const runbook::Runbook& runbook);

// The plan without a database: unknown tables count as large.
plan::Plan prepare_offline(const runbook::Runbook& runbook, const PrepareOptions& options);

// What is broken before the run is not the run's doing: it is noted in the plan, and does not fail the verification.
void note_not_whole(pg::Connection& connection, plan::Plan& plan, std::string_view run);

// Adds the tables in which rows change along with those of the plan's own, as the server knows them: foreign keys, partitions, views.
void note_row_reach(pg::Connection& connection, plan::Plan& plan);

// What load_for() loads, with the server's own form of definitions that the plan compares.
catalog::Catalog load_with_forms(pg::Connection& connection, const runbook::Runbook& runbook);

}  // namespace pgbelay::engine
