#include "cli/target_choice.h"

#include "base/error.h"
#include "report/text.h"

#include <fmt/core.h>

#include <algorithm>

namespace pgbelay::cli {

namespace {

TargetChoice target_of_runbook(const std::string& name, const std::vector<runbook::Target>& targets) {
    using base::Error;
    using base::ErrorCode;
    const auto found = std::find_if(targets.begin(), targets.end(), [&](const runbook::Target& target) { return target.name == name; });
    if (found == targets.end()) {
        std::vector<std::string> names;
        for (const runbook::Target& target : targets) {
            names.push_back(target.name);
        }
        throw Error(ErrorCode::usage, fmt::format("no target is called {}", name))
            .hint(names.empty() ? "targets are named in a runbook's front matter" : "there are: " + report::join(names, ", "));
    }
    if (found->url.empty()) {
        throw Error(ErrorCode::usage, fmt::format("the target {} has no URL", name)).at(found->place).hint("is its variable set?");
    }
    return {found->url, fmt::format("target {} of {}", name, base::to_string(found->place)), true};
}

}  // namespace

TargetChoice choose_target(const Common& common, const std::string& database_url, const std::vector<runbook::Target>& targets) {
    if (common.db) {
        return {*common.db, "--db", true};
    }
    if (!common.env.empty()) {
        return target_of_runbook(common.env, targets);
    }
    if (!database_url.empty()) {
        return {database_url, "$DATABASE_URL", true};
    }
    return {"", "libpq's environment", false};
}

}  // namespace pgbelay::cli
