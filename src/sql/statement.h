// One statement as the author gave it: its bytes, where they stand, its tree or the reason why it has none.
#pragma once

#include "base/error.h"
#include "sql/name.h"
#include "sql/source_text.h"
#include "sql/tree.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

struct PgQuery__FuncCall;

namespace pgbelay::sql {

// A comment `-- pgbelay: NAME VALUE` right above a statement: `as-written`, or `when SELECT …`.
struct Directive {
    std::string name;
    std::string value;
    base::Place place;
};

struct Statement {
    int n = 0;                                // counts every statement of its file from 1, BEGIN and COMMIT included
    base::Place place;                        // of its first byte
    std::string sql;                          // its own bytes, without leading comments and without the final semicolon
    std::string kind;                         // the parse node, such as "IndexStmt"; "" when opaque
    std::shared_ptr<const Tree> tree;         // null when opaque
    std::optional<SyntaxError> syntax_error;  // why it is opaque
    std::optional<std::string> copy_data;     // the lines after COPY … FROM stdin, up to but without `\.`
    std::vector<Directive> directives;
    std::vector<std::string> echoes;           // what `\echo` prints before it
    std::shared_ptr<const SourceText> source;  // where the bytes of `sql` came from; null for a generated statement

    bool opaque() const { return tree == nullptr; }
    const PgQuery__Node& node() const { return tree->statement(); }
    // Where byte `offset` of `sql` came from, such as that of a syntax error.
    base::Place place_at(std::size_t offset) const;
    // The value of a directive; nothing when it is not there.
    std::optional<std::string> directive(std::string_view name) const;
};

// Reads one statement outside of any file (tests, generated statements).
Statement read_statement(std::string sql, base::Place place = {}, int n = 1);

// Every relation that the statement names (RangeVars anywhere in the tree, the objects of DROP, COMMENT, GRANT …), in order
// of appearance and each once, as written: unresolved, not de-quoted twice. Column and function names are not in it.
// An opaque statement gives what its tokens show after TABLE, INDEX, VIEW, ON, FROM, INTO, UPDATE, JOIN, REFERENCES.
std::vector<QualifiedName> relations_named(const Statement& statement);

// A name as text, as regclass reads it (`app."S"`): parts that are quoted or fold to lower case.
QualifiedName read_name(const std::string& text);

// A sequence by its name or, with a column, as the one that belongs to that column of the table `name`.
struct CalledSequence {
    QualifiedName name;
    std::string column;
};

// The names (of sequences, or of the tables that they belong to) that it has in strings: nextval('app.s'), setval('s', 1),
// setval(pg_get_serial_sequence('t', 'id'), 1).
std::vector<QualifiedName> sequences_called(const Statement& statement);
// What a single call takes numbers from, or sets; nothing when it is none of those, or its argument is no constant.
std::optional<CalledSequence> sequence_called(const PgQuery__FuncCall& call);

// Names of functions and types that it names (DROP FUNCTION, CREATE OR REPLACE FUNCTION, ALTER TYPE, column types, calls in
// expressions), so that their catalog entries can be loaded.
std::vector<QualifiedName> functions_named(const Statement& statement);
std::vector<QualifiedName> types_named(const Statement& statement);

}  // namespace pgbelay::sql
