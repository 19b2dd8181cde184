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

std::vector<TargetChoice> choose_replicas(const Common& common, const std::vector<runbook::Target>& replicas) {
    std::vector<TargetChoice> chosen;
    for (const std::string& url : common.replicas) {
        chosen.push_back({url, "--replica", true});
    }
    if (!chosen.empty() || common.env.empty()) {
        return chosen;
    }
    for (const runbook::Target& replica : replicas) {
        if (!replica.name.empty() && replica.name != common.env) {
            continue;
        }
        if (replica.url.empty()) {
            throw base::Error(base::ErrorCode::usage, "a replica of the runbook has no URL").at(replica.place).hint("is its variable set?");
        }
        chosen.push_back({replica.url, "replicas of " + base::to_string(replica.place), true});
    }
    return chosen;
}

}  // namespace pgbelay::cli
