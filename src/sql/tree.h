// A parse tree of PostgreSQL's own grammar, owned. The structs are those of libpg_query's protobuf header
// (`#include <pg_query/pg_query.pb-c.h>` in a .cc file that reads one); its functions are called in sql/parse.cc only.
#pragma once

#include "base/error.h"
#include "sql/arena.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

struct PgQuery__ParseResult;
struct PgQuery__Node;

namespace pgbelay::sql {

class Tree {
public:
    // `result` stands in `arena`.
    Tree(std::unique_ptr<const Arena> arena, const PgQuery__ParseResult& result) : arena_(std::move(arena)), result_(&result) {}
    // The number of statements in it.
    std::size_t size() const;
    // The statement's node (never null); `i < size()`.
    const PgQuery__Node& statement(std::size_t i = 0) const;
    const PgQuery__ParseResult& root() const { return *result_; }

private:
    std::unique_ptr<const Arena> arena_;
    const PgQuery__ParseResult* result_;
};

struct SyntaxError {
    std::string message;  // the grammar's, such as: syntax error at or near "FORM"
    std::size_t offset;   // bytes from the start of the text; its end when at the end of input
};

// Parses `sql` (valid UTF-8, no NUL) on a large stack (sql/large_stack.h: whoever parses much is on one already). Comments inside `NOT …
// IN` and the like, on which the grammar stumbles, are blanked first; locations still fit the original bytes. Throws Error{input} above 16
// MiB.
std::variant<Tree, SyntaxError> parse(std::string_view sql);

// The parse node's name as PostgreSQL spells it: "AlterTableStmt", "IndexStmt"; "" for an empty tree.
std::string node_kind(const PgQuery__Node& node);

// Whether two texts parse to the same tree, locations aside. False when either does not parse.
bool same_tree(std::string_view a, std::string_view b);

// "PostgreSQL 17 grammar (libpg_query)": what `plan --format json` says under "parser".
std::string parser_name();
// The grammar's major version, such as 17.
int parser_major();

}  // namespace pgbelay::sql
