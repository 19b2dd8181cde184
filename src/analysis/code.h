// What code that the server runs does by the way: bodies of functions, procedures, triggers and DO blocks.
#pragma once

#include "analysis/common.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct PgQuery__FuncCall;

namespace pgbelay::analysis {

struct CodeEffects {
    bool known = true;               // false: some of it cannot be told from its text (EXECUTE, another language, no definition)
    bool dynamic = false;            // it puts statements together itself
    bool ends_transactions = false;  // it commits or rolls back
    bool left_out = false;           // some of it is not reached, as the system catalogs were when they were asked
    bool asked = false;              // what EXECUTE gets is as they were then
    std::vector<std::string> kinds;  // of the statements in it, in their order and each once: "create table"; queries left out
};

// What code does in passing is not what the author of the statement writes: all but the writes.
void add_in_passing(Facts& facts, const Facts& of_code);

// Adds what the body does to `facts`: all branches together, since which one is taken is decided while it runs. Constant strings behind
// EXECUTE count as statements.
CodeEffects touch_do_block(Facts& facts, const Context& ctx, const sql::Statement& statement);
// `event` is that of the trigger that calls it ("INSERT"), by which the branches of TG_OP are told apart; "" outside of triggers. `call`:
// whose arguments it gets.
CodeEffects touch_function(Facts& facts, const Context& ctx, const catalog::Function& function, std::string_view event = {},
                           const PgQuery__FuncCall* call = nullptr);
// All volatile functions of users that the query calls. The server's own do nothing to relations but for those of effects_of().
CodeEffects touch_calls(Facts& facts, const Context& ctx, const ProtobufCMessage& query);

// Whether it runs code of users: a DO block, a CALL, a query that calls their functions.
bool runs_code(const sql::Statement& statement, const Facts& facts);

// The same situation over other catalogs.
Context over(const Context& context, const catalog::Catalog& base, const catalog::Catalog& now);

// Tables that code, such as a trigger's, may have put rows into.
void note_filled(const Facts& facts, catalog::Catalog& catalog);

// Puts what code did into the catalog, after catalog::apply() of the statement: all branches of a DO block, or of the functions that are
// called, but for tables that go. Whether a branch was taken is not known, so nothing that it made counts as new on a table that was there
// before.
void apply_code(const sql::Statement& statement, const Facts& facts, catalog::Catalog& catalog);

// What CREATE FUNCTION itself touches: the server parses the body of an SQL function, and so locks what it changes.
void touch_sql_body(Facts& facts, const Context& ctx, const sql::Statement& create);

}  // namespace pgbelay::analysis
