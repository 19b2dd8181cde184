// What a query's answer must be: the expectations of `sql check` and `sql try`.
#pragma once

#include "base/error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::runbook {

// Numbered in the journal's plans: new ones come last.
enum class Expect {
    empty,
    is_true,
    count,
    compare,   // one value, compared with a constant or with a recorded value
    table,     // the rows of an `expect` fence
    anything,  // it runs
    error,     // it fails, with this SQLSTATE
};

// `-- expect: >= 100`, `-- expect: = before.tenants`.
struct Comparison {
    std::string op;      // =, <>, <, <=, >, >=
    std::string value;   // the constant, without its quotes
    std::string record;  // or the name of a record, and
    std::string column;  // … its column
    bool operator==(const Comparison&) const = default;
};

// As psql shows it, or as CSV. An empty cell stands for NULL and for the empty string alike, as in both.
struct ExpectedTable {
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;
    bool ordered = false;
    bool trimmed = false;  // of psql's aligned output: blanks around a value cannot be seen
    bool operator==(const ExpectedTable&) const = default;
};

struct Expectation {
    Expect expect = Expect::empty;
    std::int64_t count = 0;
    Comparison comparison;
    ExpectedTable table;
    std::string sqlstate;
    bool operator==(const Expectation&) const = default;
};

// A letter or "_", then letters, digits, "-" and "_": what records, and the columns that are asked for, can be called.
bool is_record_name(std::string_view text);

// The value of `expect=`: empty, true or a number. Throws Error{input} at the place.
Expectation read_expect_word(const std::string& text, const base::Place& place);
// The text after `-- expect:`. Throws Error{input} at the place for an operator that is none, and for no value.
Comparison read_comparison(std::string_view text, const base::Place& place);
// The content of an `expect` fence; `first` is the place of its first line. Throws Error{input} at the line that does not fit.
ExpectedTable read_expected_table(std::string_view content, const base::Place& first);

// What the author gave, for the digest.
std::string to_string(const Expectation& expectation);

// Whether numbers as PostgreSQL writes them are less (-1), equal (0) or greater (1), exactly; nothing when one of them is no number.
std::optional<int> compare_numbers(std::string_view a, std::string_view b);

}  // namespace pgbelay::runbook
