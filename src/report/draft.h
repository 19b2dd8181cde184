// The draft of a runbook for migrations that have none: what can be derived from them, and questions where people have to say.
#pragma once

#include "catalog/catalog.h"
#include "plan/plan.h"
#include "runbook/runbook.h"

#include <filesystem>
#include <string>

namespace pgbelay::report {

// `after` is the catalog as the plan leaves it; `folder` is where the draft will stand, to which the files' paths are relative.
// `database` is "" when none was asked.
struct DraftFor {
    const runbook::Runbook& runbook;
    const plan::Plan& plan;
    const catalog::Catalog& after;
    std::filesystem::path folder;
    std::string database;
};
std::string draft_runbook(const DraftFor& draft);

}  // namespace pgbelay::report
