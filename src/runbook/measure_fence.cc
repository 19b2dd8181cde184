#include "runbook/measure_fence.h"

#include "runbook/apply_fence.h"
#include "runbook/fence_comments.h"
#include "runbook/text.h"
#include "sql/tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>

#include <utility>

namespace pgbelay::runbook {
namespace {

sql::Statement only_statement(const Fence& fence, std::vector<sql::Statement> statements, std::string_view verb) {
    if (statements.empty()) {
        throw input_error(fmt::format("{} without a query", verb), fence.place).hint("write it between the fences");
    }
    if (statements.size() > 1) {
        throw input_error(fmt::format("a second statement in {}", verb), statements[1].place).hint("make a fence of its own of it");
    }
    return std::move(statements.front());
}

void require_reading(const sql::Statement& statement, std::string_view verb) {
    if (!statement.opaque() && statement.kind != "SelectStmt" && statement.kind != "VariableShowStmt") {
        throw input_error(fmt::format("{} is a query that reads", verb), statement.place)
            .hint("write a SELECT; changes belong to sql apply");
    }
}

bool is_query(const sql::Statement& statement) {
    return !statement.opaque() && statement.kind == "SelectStmt";
}

// `-- fail:`, read with what it means.
void read_fail(const std::vector<FenceComment>& comments, std::string_view example, Gauge& gauge) {
    const auto fail = only_comment(comments, "fail", "join them with OR");
    if (!fail) {
        return;
    }
    const sql::Statement query = sql::read_statement(fail->value, fail->place);
    if (is_query(query)) {
        gauge.fail = query.sql;
        gauge.fail_is_query = true;
        return;
    }
    // Read as what is sent: nothing may stand behind the expression.
    const sql::Statement expression = sql::read_statement("SELECT (" + fail->value + ")", fail->place);
    if (!is_query(expression)) {
        throw input_error(fmt::format("`-- fail:` cannot be read: {}",
                                      expression.syntax_error ? expression.syntax_error->message : "it is no expression"),
                          fail->place)
            .hint(fmt::format("write one expression that is true or false, such as {}, or one SELECT", example));
    }
    gauge.fail = fail->value;
}

void set_timeout(const Command& command, Gauge& gauge) {
    if (const base::Millis timeout = read_timeout(command); timeout.count() != 0) {
        gauge.timeout = timeout;
    }
}

// A number greater than 0, such as 2.5; nothing without the attribute.
std::optional<double> read_number(const Command& command, const std::string& key) {
    const auto* value = command.find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    double number = 0;
    const char* end = value->text.data() + value->text.size();
    const auto [stop, failure] = std::from_chars(value->text.data(), end, number, std::chars_format::fixed);
    if (failure != std::errc{} || stop != end || !std::isfinite(number) || number <= 0) {
        throw input_error(fmt::format("{}={} is not a number greater than 0", key, value->text), value->place)
            .hint(fmt::format("such as {}=50 or {}=2.5", key, key));
    }
    return number;
}

int read_runs(const Command& command) {
    constexpr int kDefault = 5;
    constexpr int kMost = 100;
    const auto* value = command.find("runs");
    if (value == nullptr) {
        return kDefault;
    }
    int runs = 0;
    const char* end = value->text.data() + value->text.size();
    const auto [stop, failure] = std::from_chars(value->text.data(), end, runs);
    if (failure != std::errc{} || stop != end || runs < 1 || runs > kMost) {
        throw input_error(fmt::format("runs={}", value->text), value->place).hint(fmt::format("a number from 1 to {}", kMost));
    }
    return runs;
}

// What EXPLAIN calls the nodes of a plan (explain.c), on all versions.
constexpr std::array<std::string_view, 42> kNodes = {"Aggregate",
                                                     "Append",
                                                     "Bitmap Heap Scan",
                                                     "Bitmap Index Scan",
                                                     "BitmapAnd",
                                                     "BitmapOr",
                                                     "CTE Scan",
                                                     "Custom Scan",
                                                     "Foreign Scan",
                                                     "Function Scan",
                                                     "Gather",
                                                     "Gather Merge",
                                                     "Group",
                                                     "Hash",
                                                     "Hash Join",
                                                     "Incremental Sort",
                                                     "Index Only Scan",
                                                     "Index Scan",
                                                     "Limit",
                                                     "LockRows",
                                                     "Materialize",
                                                     "Memoize",
                                                     "Merge Append",
                                                     "Merge Join",
                                                     "ModifyTable",
                                                     "Named Tuplestore Scan",
                                                     "Nested Loop",
                                                     "ProjectSet",
                                                     "Recursive Union",
                                                     "Result",
                                                     "Sample Scan",
                                                     "Seq Scan",
                                                     "SetOp",
                                                     "Sort",
                                                     "Subquery Scan",
                                                     "Table Function Scan",
                                                     "Tid Range Scan",
                                                     "Tid Scan",
                                                     "Unique",
                                                     "Values Scan",
                                                     "WindowAgg",
                                                     "WorkTable Scan"};

// "Seq Scan", "Seq Scan on orders". A word that no plan has would hold for ever.
ForbiddenNode read_forbidden(const FenceComment& comment) {
    const std::string lower = to_lower(comment.value);
    const std::size_t on = lower.find(" on ");
    const std::string_view type = trim(std::string_view(lower).substr(0, on));
    const auto known = std::find_if(kNodes.begin(), kNodes.end(), [&](std::string_view node) { return to_lower(node) == type; });
    if (known == kNodes.end()) {
        throw input_error(fmt::format("`-- not: {}` names no node of a plan", comment.value), comment.place)
            .hint(fmt::format("did you mean `{}`? Write `-- not: Seq Scan` or `-- not: Seq Scan on orders`",
                              nearest(comment.value.substr(0, on), kNodes)));
    }
    ForbiddenNode node{.type = std::string(*known)};
    if (on != std::string::npos) {
        node.table = trim(std::string_view(comment.value).substr(on + 4));
        if (node.table.empty() || node.table.find_first_of(" \t\"") != std::string::npos) {
            throw input_error(fmt::format("`-- not: {}` names no table", comment.value), comment.place)
                .hint("write its name as the plan shows it, without quotes");
        }
    }
    return node;
}

// `$2 = 7`: the number and the expression.
std::pair<int, std::string> read_with(const FenceComment& comment) {
    const std::string_view text = comment.value;
    const std::size_t equals = text.find('=');
    const std::string_view name = trim(text.substr(0, equals));
    int n = 0;
    const bool dollar = equals != std::string_view::npos && name.starts_with('$');
    const auto [stop, failure] = std::from_chars(name.data() + (dollar ? 1 : 0), name.data() + name.size(), n);
    if (!dollar || failure != std::errc{} || stop != name.data() + name.size() || n < 1) {
        throw input_error(fmt::format("`-- with: {}` gives no parameter a value", text), comment.place).hint("such as `-- with: $1 = 7`");
    }
    const std::string expression(trim(text.substr(equals + 1)));
    if (const sql::Statement query = sql::read_statement("SELECT (" + expression + ")", comment.place); !is_query(query)) {
        throw input_error(
            fmt::format("the value of ${} cannot be read: {}", n, query.syntax_error ? query.syntax_error->message : "it is no expression"),
            comment.place)
            .hint("one expression, such as `-- with: $1 = 7` or `-- with: $1 = (SELECT max(id) FROM orders)`");
    }
    return {n, expression};
}

// The parameters that the statement has.
int highest_parameter(const sql::Statement& statement) {
    int highest = 0;
    for (const sql::Token& token : sql::scan(statement.sql)) {
        int n = 0;
        if (!token.comment && token.text.starts_with('$') &&
            std::from_chars(token.text.data() + 1, token.text.data() + token.text.size(), n).ptr == token.text.data() + token.text.size()) {
            highest = std::max(highest, n);
        }
    }
    return highest;
}

void read_parameters(const std::vector<FenceComment>& comments, MeasureItem& item) {
    std::vector<std::string>& with = item.gauge.with;
    for (const FenceComment& comment : comments) {
        if (comment.key != "with") {
            continue;
        }
        auto [n, expression] = read_with(comment);
        if (n != static_cast<int>(with.size()) + 1) {
            throw input_error(fmt::format("${} comes where ${} should", n, with.size() + 1), comment.place)
                .hint("give each parameter one value, in their order from $1");
        }
        with.push_back(std::move(expression));
    }
    const int needed = highest_parameter(item.statement);
    if (needed != static_cast<int>(with.size())) {
        throw input_error(needed > static_cast<int>(with.size()) ? fmt::format("${} has no value", with.size() + 1)
                                                                 : fmt::format("${} has a value and is not in the statement", with.size()),
                          item.statement.place)
            .hint("one line `-- with: $1 = …` for each parameter");
    }
}

constexpr base::Millis kProbeTimeout{5'000};
constexpr std::array<std::string_view, 2> kYesOrNo = {"yes", "no"};
constexpr std::array<std::string_view, 3> kActions = {"pause", "abort", "rollback"};  // as OnBreach has them

// Which of the words it is; nothing without the attribute.
std::optional<std::size_t> read_word(const Command& command, const std::string& key, std::span<const std::string_view> words) {
    const auto* value = command.find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    const auto found = std::find(words.begin(), words.end(), value->text);
    if (found == words.end()) {
        throw input_error(fmt::format("{}={}", key, value->text), value->place).hint(suggest(value->text, words));
    }
    return static_cast<std::size_t>(found - words.begin());
}

base::Millis read_every(const Command& command) {
    constexpr base::Millis kDefault{1'000};
    constexpr base::Millis kLeast{50};
    constexpr base::Millis kMost{3'600'000};
    const auto* every = command.find("every");
    if (every == nullptr) {
        return kDefault;
    }
    const auto value = base::parse_duration(every->text);
    if (!value || all_digits(every->text) || *value < kLeast || *value > kMost) {
        throw input_error(fmt::format("every is \"{}\"", every->text), every->place)
            .hint("write a time from 50ms to 1h with its unit, such as 500ms or 2s");
    }
    return *value;
}

MeasureItem item_of(MeasureKind kind, sql::Statement statement) {
    MeasureItem item;
    item.gauge.kind = kind;
    item.gauge.sql = statement.sql;
    item.gauge.place = statement.place;
    item.statement = std::move(statement);
    return item;
}

}  // namespace

std::string_view to_string(MeasureKind kind) {
    switch (kind) {
        case MeasureKind::baseline: return "baseline";
        case MeasureKind::explain: return "explain";
        case MeasureKind::probe: return "probe";
    }
    return "baseline";
}

MeasureItem read_baseline(const Fence& fence, const Command& command, std::vector<sql::Statement> statements) {
    MeasureItem item = item_of(MeasureKind::baseline, only_statement(fence, std::move(statements), "a baseline"));
    require_reading(item.statement, "a baseline");
    read_fail(read_comments(fence, {"fail"}, "sql baseline"), "after.n < before.n", item.gauge);
    set_timeout(command, item.gauge);
    return item;
}

MeasureItem read_explain(const Fence& fence, const Command& command, std::vector<sql::Statement> statements) {
    MeasureItem item = item_of(MeasureKind::explain, only_statement(fence, std::move(statements), "an explain"));
    static constexpr std::array<std::string_view, 4> kWriting = {"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"};
    item.gauge.writes = std::find(kWriting.begin(), kWriting.end(), item.statement.kind) != kWriting.end();
    if (!item.statement.opaque() && item.statement.kind != "SelectStmt" && !item.gauge.writes) {
        throw input_error("an explain is a statement that has a plan", item.statement.place)
            .hint("write a SELECT, INSERT, UPDATE, DELETE or MERGE, without EXPLAIN");
    }
    const auto comments = read_comments(fence, {"not", "with"}, "sql explain");
    for (const FenceComment& comment : comments) {
        if (comment.key == "not") {
            item.gauge.without.push_back(read_forbidden(comment));
        }
    }
    read_parameters(comments, item);
    if (const auto* uses = command.find("uses")) {
        item.gauge.uses = uses->text;
    }
    item.gauge.runs = read_runs(command);
    item.gauge.max_ms = read_number(command, "max_ms");
    item.gauge.min_speedup = read_number(command, "min_speedup");
    for (const char* timed : {"max_ms", "min_speedup"}) {
        if (const auto* attribute = command.find(timed); attribute != nullptr && item.gauge.writes) {
            throw input_error(fmt::format("{} of a statement that writes", timed), attribute->place)
                .hint(fmt::format("it is planned only, since EXPLAIN ANALYZE would run it: leave {} out", timed));
        }
    }
    set_timeout(command, item.gauge);
    return item;
}

MeasureItem read_probe(const Fence& fence, const Command& command, std::vector<sql::Statement> statements) {
    MeasureItem item = item_of(MeasureKind::probe, only_statement(fence, std::move(statements), "a probe"));
    require_reading(item.statement, "a probe");
    read_fail(read_comments(fence, {"fail"}, "sql probe"), "value > 2 * baseline", item.gauge);
    item.gauge.timeout = kProbeTimeout;
    set_timeout(command, item.gauge);
    item.gauge.every = read_every(command);
    item.gauge.max_ms = read_number(command, "max_ms");
    item.gauge.max_ratio = read_number(command, "max_ratio");
    item.gauge.required = read_word(command, "required", kYesOrNo).value_or(1) == 0;
    if (const auto action = read_word(command, "on_breach", kActions)) {
        item.gauge.on_breach = static_cast<OnBreach>(*action);
    }
    return item;
}

}  // namespace pgbelay::runbook
