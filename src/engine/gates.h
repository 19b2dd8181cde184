// The pre-flight gates: what must be true of the target before anything is changed. They change nothing.
#pragma once

#include "engine/target.h"
#include "plan/plan.h"

#include <string>
#include <vector>

namespace pgbelay::engine {

struct Finding {
    enum class Level { ok, later, warning, refusal } level = Level::ok;  // later: only a step of the plan can tell
    std::string gate;     // "version", "primary", "pooler", "rights", "journal", "activity", "replica", "statements", "pending"
    std::string message;  // "PostgreSQL 15.18", "the server is a hot standby"
    std::string hint;     // the way out, "" for ok
    base::Place place;
};

// Can this database be deployed to at all: version, primary, pooler, rights, journal, visibility of activity.
std::vector<Finding> check_target(Target& target);

// Whether every standby that was named can be looked after: there, a standby, and of this very database.
std::vector<Finding> check_replicas(Target& target);

// Besides: everything that this plan needs (its refusals, privileges, limits on hidden values, disk).
std::vector<Finding> check_plan(Target& target, const plan::Plan& plan);

// Whether this role may do to sessions in the way what the policy says.
std::vector<Finding> check_blockers(const pg::ServerFacts& facts, const runbook::Blockers& policy);

bool refuses(const std::vector<Finding>& findings);
// The first refusal as an Error{refused}; its detail names the others.
base::Error to_error(const std::vector<Finding>& findings);

}  // namespace pgbelay::engine
