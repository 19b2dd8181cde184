// The bodies of functions, procedures and DO blocks, read: what stands in them, as far as their text says it.
#pragma once

#include "analysis/constant_text.h"
#include "catalog/catalog.h"
#include "sql/statement.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct PgQuery__CreateFunctionStmt;
struct PgQuery__FuncCall;
struct ProtobufCMessage;

namespace pgbelay::analysis {

struct BodyStatement {
    sql::Statement statement;
    bool conditional = false;  // it may not be reached
};

struct Body {
    std::vector<BodyStatement> statements;
    const ProtobufCMessage* atomic = nullptr;  // BEGIN ATOMIC, or RETURN with an expression: part of the statement's own tree
    bool known = true;                         // false: some of it cannot be told from its text
    bool dynamic = false;                      // it puts statements together itself
    bool ends_transactions = false;            // it commits or rolls back
    bool left_out = false;                     // some of it is not reached, as the catalog's answers say
    bool asked = false;                        // what EXECUTE gets is what they say
};

// Of a DO block, without the branches that the catalog's answers rule out, and with what they say that EXECUTE gets.
Body body_of_block(const sql::Statement& block, const catalog::Catalog& catalog);
// Of CREATE FUNCTION or PROCEDURE, whose text is `sql`. `event`: that of the trigger which calls it ("INSERT"), by which the branches of
// TG_OP are told apart; "" outside of triggers. `arguments`: by arguments_of().
Body body_of(const PgQuery__CreateFunctionStmt& create, const std::string& sql, std::string_view event = {},
             const Variables& arguments = {});
// The constants among the arguments of the call, which may be null, by the parameters' names and places.
Variables arguments_of(const PgQuery__CreateFunctionStmt& create, const PgQuery__FuncCall* call);
// In lower case.
std::string language_of(const PgQuery__CreateFunctionStmt& create);
// The search_path that CREATE FUNCTION or PROCEDURE sets for its body; nothing when that is its caller's.
std::optional<std::vector<std::string>> own_search_path(const sql::Statement& create);

// The SQL that stands in the body of a DO block or of what CREATE FUNCTION or PROCEDURE makes, what EXECUTE is known to get included; empty
// where it cannot be read.
std::vector<sql::Statement> statements_inside(const sql::Statement& statement);

// A SELECT or CALL.
bool is_query(const sql::Statement& statement);

// The statements of an SQL function's body, or of what EXECUTE gets; nothing when they cannot be read.
std::optional<std::vector<sql::Statement>> statements_in(const std::string& text);

// A condition of a DO block, or the expression behind its EXECUTE.
struct Question {
    std::string key;         // in Catalog::answers
    std::string sql;         // a query of one column; what it calls may do anything
    std::size_t before = 0;  // how many of the block's changes stand before what it looks at
    bool executed = false;   // its rows are statements; false: a condition, in one row
    std::size_t change = 0;  // which of the changes those statements are
};

// What a piece of a block may change: a statement, an expression as a query, or what EXECUTE gets.
struct BlockChange {
    std::vector<sql::Statement> statements;
    bool known = true;                                 // false: EXECUTE of what its text does not tell
    std::vector<std::pair<std::string, bool>> guards;  // it is reached only where these conditions, by their keys, have these answers
};

struct BlockQuestions {
    std::vector<Question> questions;   // in their order
    std::vector<BlockChange> changes;  // of all pieces, in their order
};

BlockQuestions questions_of(const sql::Statement& block);

}  // namespace pgbelay::analysis
