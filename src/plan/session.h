// Folds SET, RESET, SET ROLE and set_config() into the context that later steps carry.
#pragma once

#include "plan/plan.h"
#include "sql/statement.h"

#include <optional>
#include <string>
#include <vector>

namespace pgbelay::plan {

enum class SessionEffect {
    none,        // not a session statement
    folded,      // the context was changed; there is nothing to send
    superseded,  // a timeout that `limits` replaces; there is nothing to send
    local,       // SET LOCAL, SET CONSTRAINTS: ends with its transaction; the context is as it was
    refused,     // cannot be carried over
};

struct Folded {
    SessionEffect effect = SessionEffect::none;
    std::string word;  // for people: why it is superseded or refused
};

// What the statement does to `context`, which is changed when the effect is `folded`.
Folded fold(const sql::Statement& statement, SessionContext& context);

// Makes `context` what it is up to the end of the transaction after a statement whose effect is `local`; false for SET CONSTRAINTS,
// which no context carries.
bool fold_local(const sql::Statement& statement, SessionContext& context);

// The setting as SET LOCAL, for a SET in the middle of a transaction; nothing when it is not a SET that folds, and for RESET ALL
// and RESET search_path, which cannot be said in the middle of a step.
std::optional<std::string> as_local(const sql::Statement& statement);

// The schemas of a search_path setting, in order; "$user" becomes `role`.
std::vector<std::string> split_path(const std::string& search_path, const std::string& role);

}  // namespace pgbelay::plan
