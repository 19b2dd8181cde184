// The body of a function or DO block as the SQL that it sends: for whoever must know what a call does to the database.
#pragma once

#include "sql/tree.h"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pgbelay::sql {

// A condition of IF as a query whose one value is its answer. What variables hold there stands in it as queries. A loop's passes may change
// what they read: in a loop nothing is asked that reads anything.
struct Condition {
    std::string question;   // "" where it cannot be asked
    std::size_t after = 0;  // how many pieces stand before it
};

struct Guard {
    std::size_t condition = 0;  // of CodeBody::conditions
    bool holds = true;          // what the answer has to be; NULL is false
};

// One piece of SQL of a body, under the conditions that its branch stands behind.
struct BodyPiece {
    enum class Kind {
        statement,   // as it stands: "UPDATE t SET a = 1"
        expression,  // a condition or an assigned value, as a query: "SELECT NOT EXISTS (…)"
        dynamic,     // EXECUTE: the expression whose value is the statement
    } kind = Kind::statement;
    std::string sql;
    // For triggers: the events (INSERT, UPDATE, DELETE, TRUNCATE) of TG_OP under which it is reached; empty: under every one.
    std::vector<std::string> only_for;
    std::vector<Guard> guards;  // at most 32; all have to be met for it to be reached
    bool conditional = false;   // in a loop, a branch of CASE or an exception's handler: it may not be reached
    // Of EXECUTE: a query of one column, whose rows are all that it gets, in their order, guards and the loop around it counted in. ""
    // where it cannot be asked.
    std::string question = {};
    std::size_t after = 0;  // how many pieces stand before what the question looks at
};

// One value that a variable gets.
struct Assigned {
    std::string expression;
    bool each = false;  // FOREACH: one element of it after the other
};

struct CodeBody {
    std::vector<BodyPiece> pieces;  // in the order of the text, all branches and loops
    std::vector<Condition> conditions;
    bool ends_transactions = false;  // COMMIT or ROLLBACK stand in it
    // What variables are given, all branches and loops together: those that get nothing else, such as a row of a query or an argument.
    std::map<std::string, std::vector<Assigned>> variables;
    std::set<std::string> changed;  // variables and arguments that get a value somewhere behind DECLARE
};

// Reads PL/pgSQL from a whole DO or CREATE FUNCTION/PROCEDURE statement, which must have a body. A syntax error is PL/pgSQL's.
// Throws Error{input} above the size limit of parse().
std::variant<CodeBody, SyntaxError> read_plpgsql(std::string_view statement);

}  // namespace pgbelay::sql
