// `require:` of the front matter: what must be true of the target before anything is changed.
#pragma once

#include "runbook/runbook.h"
#include "runbook/yaml.h"

#include <string>
#include <vector>

namespace pgbelay::runbook {

enum class RequirementKind : int {
    postgres,         // `range`: the server's version
    database,         // `any_of`: its name
    host,             // `any_of`: what the connection leads to; '*' stands for anything
    extension,        // `subject` installed, its version in `range`
    table,            // `name` is there
    column,           // `column` of `name` is there
    no_relation,      // nothing has `name`
    no_column,        // there is no `column` of `name`
    rows,             // of `name`, in `range`
    invalid_indexes,  // there is none
    oldest_prepared,  // no prepared transaction older than `time`
    oldest_idle,      // no session idle in its transaction for longer than `time`
    connections,      // in `range`, absolute or in percent of max_connections
    replication_lag,  // of every standby: at most `time`
    disk_free,        // enough for what is written anew; options, in bytes: available (else df is asked), keep
    deployed_on,      // the same digest on the target `subject`
    after,            // a runbook of the name `subject`, here
    same_as,          // the versions of server and extensions of the target `subject`
    approvals,        // by people as `subject`, so many as `range` says; options: allowed_signers, deployer_may_approve
};

// Variables in values are looked up in `environment`; an unset one makes a requirement that cannot hold, not an error: a runbook can be
// read where it is not deployed. Throws Error{input} at the place of what it does not understand.
std::vector<Requirement> read_requirements(const YamlNode& node, const Environment& environment);

// "extensions.pg_trgm >=1.5", as it is shown.
std::string describe(const Requirement& requirement);

}  // namespace pgbelay::runbook
