// Which database a command means, and who said so.
#pragma once

#include "cli/arguments.h"
#include "runbook/runbook.h"

#include <string>
#include <vector>

namespace pgbelay::cli {

struct TargetChoice {
    std::string url;     // a secret; "" = libpq's own environment, service and password files
    std::string source;  // for people: "--db", "$DATABASE_URL", "target staging of deploy.md:5"
    bool named = true;   // false: nothing named a database, libpq's own defaults are left
};

// --db, else --env, else $DATABASE_URL (`database_url`, "" = not set), else libpq's own. A target named on the command line wins over
// the environment: who says `--env staging` must not meet production. Throws Error{usage} for a name that the runbook does not have.
TargetChoice choose_target(const Common& common, const std::string& database_url, const std::vector<runbook::Target>& targets);

// The standbys of the chosen target: --replica, else those that the runbook names where --env chose one of its targets. Throws
// Error{usage} for one whose variable is not set.
std::vector<TargetChoice> choose_replicas(const Common& common, const std::vector<runbook::Target>& replicas);

}  // namespace pgbelay::cli
