// Folds SET, RESET, SET ROLE and set_config() into the context that later steps carry.
#pragma once

#include "plan/plan.h"
#include "sql/statement.h"

#include <functional>
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

// What a target's own settings are, where the author has set nothing.
struct SessionDefaults {
    explicit SessionDefaults(const catalog::Catalog& catalog) : search_path(catalog.search_path), time_zone(catalog.time_zone) {}

    std::vector<std::string> search_path;
    std::string time_zone;
};

// Lets names and types mean in `catalog` what they mean to a statement in `context`.
void put_in_effect(const SessionContext& context, const SessionDefaults& defaults, catalog::Catalog& catalog);

// The schemas of a search_path setting, in order; "$user" becomes `role`. Those of `defaults` when the setting is empty.
std::vector<std::string> split_path(const std::string& search_path, const std::string& role, const std::vector<std::string>& defaults = {});

// Every statement of the runbook in order, without those that concern the session alone, and with the search_path that the author has
// set for it ("" = none). Each file begins anew. `tried`: it stands in a try, and is rolled back.
using WithPath = std::function<void(const sql::Statement& statement, const std::string& search_path, bool tried)>;
void each_with_path(const runbook::Runbook& runbook, const WithPath& visit);

}  // namespace pgbelay::plan
