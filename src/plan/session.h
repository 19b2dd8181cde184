// Folds SET, RESET, SET ROLE and set_config() into the context that later steps carry.
#pragma once

#include "plan/plan.h"
#include "sql/statement.h"

#include <optional>
#include <string>
#include <vector>

namespace pgbelay::plan {

enum class SessionEffect {
    none,           // not a session statement
    folded,         // the context was changed; there is nothing to send
    superseded,     // a timeout that `limits` replaces; there is nothing to send
    local,          // SET LOCAL: belongs to its transaction, to be sent there
    refused,        // cannot be carried over
};

struct Folded {
    SessionEffect effect = SessionEffect::none;
    std::string word;               // for people: why it is superseded or refused
};

// What the statement does to `context`, which is changed when the effect is `folded`.
Folded fold(const sql::Statement& statement, SessionContext& context);

// The setting as SET LOCAL, for a SET in the middle of a transaction; nothing when it is not a SET that folds.
std::optional<std::string> as_local(const sql::Statement& statement);

// The schemas of a search_path setting, in order; "$user" becomes `role`.
std::vector<std::string> split_path(const std::string& search_path, const std::string& role);

}  // namespace pgbelay::plan
