#include "engine/expectation.h"

#include "runbook/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace pgbelay::engine {

namespace {

using runbook::Expect;
using runbook::ExpectedTable;
using Row = std::vector<std::string>;

constexpr std::size_t kMostShown = 20;
constexpr std::size_t kWidestCell = 40;

// The value of a single cell that holds a whole number.
std::optional<std::int64_t> single_number(const pg::Result& r) {
    if (r.rows() != 1 || r.columns() != 1 || r.is_null(0, 0)) {
        return std::nullopt;
    }
    const std::string text = r.text(0, 0);
    std::int64_t n = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), n);
    return failure == std::errc{} && end == text.data() + text.size() ? std::optional(n) : std::nullopt;
}

std::string first_row(const pg::Result& r) {
    std::string row;
    for (int column = 0; r.rows() > 0 && column < r.columns() && column < 8; ++column) {
        row += fmt::format("{}{} = {}", column == 0 ? "" : ", ", r.column_name(column),
                           r.is_null(0, column) ? "NULL" : r.text(0, column).substr(0, 60));
    }
    return row;
}

// -1, 0, 1: as numbers where both are, else as truth values or texts.
int compare(const std::string& a, const std::string& b) {
    if (const auto numbers = runbook::compare_numbers(a, b)) {
        return *numbers;
    }
    const auto plain = [](const std::string& value) { return value == "true" ? "t" : value == "false" ? "f" : value; };
    const int texts = plain(a).compare(plain(b));
    return texts < 0 ? -1 : texts > 0 ? 1 : 0;
}

bool holds(const std::string& op, int order) {
    if (op == "=") {
        return order == 0;
    }
    if (op == "<>") {
        return order != 0;
    }
    if (op == "<" || op == "<=") {
        return order < 0 || (order == 0 && op == "<=");
    }
    return order > 0 || (order == 0 && op == ">=");
}

std::string names_of(const Record& record) {
    std::vector<std::string> names;
    for (const auto& [name, value] : record) {
        names.push_back(name);
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

struct Compared {
    std::optional<std::string> value;
    std::string error;
};

Compared compared_with(const runbook::Comparison& comparison, const Records& records) {
    if (comparison.record.empty()) {
        return {comparison.value, ""};
    }
    const auto record = records.find(comparison.record);
    if (record == records.end()) {
        return {std::nullopt, fmt::format("nothing was recorded as {}", comparison.record)};
    }
    const auto column = std::ranges::find(record->second, comparison.column, &Record::value_type::first);
    if (column == record->second.end()) {
        return {std::nullopt,
                fmt::format("{} has no column {}: it has {}", comparison.record, comparison.column, names_of(record->second))};
    }
    if (!column->second) {
        return {std::nullopt, fmt::format("{}.{} is NULL, with which nothing compares", comparison.record, comparison.column)};
    }
    return {column->second, ""};
}

std::string compare_mismatch(const runbook::Comparison& comparison, const pg::Result& r, const Records& records) {
    if (r.rows() != 1 || r.columns() != 1) {
        return fmt::format("expected one value, got {} of {}", r.rows() == 1 ? "a row" : fmt::format("{} rows", r.rows()),
                           r.columns() == 1 ? "one value" : fmt::format("{} values", r.columns()));
    }
    const Compared with = compared_with(comparison, records);
    if (!with.error.empty()) {
        return with.error;
    }
    if (r.is_null(0, 0)) {
        return fmt::format("expected {} {}, got NULL", comparison.op, *with.value);
    }
    const std::string got = r.text(0, 0);
    if (holds(comparison.op, compare(got, *with.value))) {
        return "";
    }
    const std::string from = comparison.record.empty() ? "" : fmt::format(" ({}.{})", comparison.record, comparison.column);
    return fmt::format("expected {} {}{}, got {}", comparison.op, *with.value, from, got.substr(0, 60));
}

Row names_of(const pg::Result& r) {
    Row names;
    for (int column = 0; column < r.columns(); ++column) {
        names.push_back(r.column_name(column));
    }
    return names;
}

std::vector<Row> rows_of(const pg::Result& r) {
    std::vector<Row> rows;
    for (int i = 0; i < r.rows(); ++i) {
        Row row;
        for (int column = 0; column < r.columns(); ++column) {
            row.push_back(r.text(i, column));
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

// One line of a table as it is shown: cells without ends of lines, cut where they are long.
Row shown(const Row& row) {
    Row cells;
    for (std::string cell : row) {
        std::ranges::replace(cell, '\n', ' ');
        if (cell.size() > kWidestCell) {
            std::size_t end = kWidestCell;
            while (end > 0 && (static_cast<unsigned char>(cell[end]) & 0xC0U) == 0x80U) {
                --end;
            }
            cell = cell.substr(0, end) + "...";
        }
        cells.push_back(std::move(cell));
    }
    return cells;
}

struct Line {
    char sign;
    Row row;
};

std::string draw(const Row& columns, const std::vector<Line>& lines) {
    std::vector<std::size_t> widths;
    std::vector<Line> all{{' ', shown(columns)}};
    for (std::size_t i = 0; i < std::min(lines.size(), kMostShown); ++i) {
        all.push_back({lines[i].sign, shown(lines[i].row)});
    }
    for (const Line& line : all) {
        widths.resize(std::max(widths.size(), line.row.size()));
        for (std::size_t i = 0; i < line.row.size(); ++i) {
            widths[i] = std::max(widths[i], line.row[i].size());
        }
    }
    std::string text;
    for (const Line& line : all) {
        std::string drawn(1, line.sign);
        for (std::size_t i = 0; i < line.row.size(); ++i) {
            drawn += fmt::format("{}{:<{}}", i == 0 ? " " : " | ", line.row[i], widths[i]);
        }
        drawn.erase(drawn.find_last_not_of(' ') + 1);
        text += (text.empty() ? "" : "\n") + drawn;
    }
    return text + (lines.size() > kMostShown ? fmt::format("\n  and {} more", lines.size() - kMostShown) : "");
}

std::vector<Line> ordered_difference(const std::vector<Row>& expected, const std::vector<Row>& got) {
    std::vector<Line> lines;
    for (std::size_t i = 0; i < std::max(expected.size(), got.size()); ++i) {
        if (i < expected.size() && i < got.size() && expected[i] == got[i]) {
            continue;
        }
        if (i < expected.size()) {
            lines.push_back({'-', expected[i]});
        }
        if (i < got.size()) {
            lines.push_back({'+', got[i]});
        }
    }
    return lines;
}

std::vector<Line> bag_difference(std::vector<Row> expected, std::vector<Row> got) {
    std::ranges::sort(expected);
    std::ranges::sort(got);
    std::vector<Line> lines;
    std::vector<Row> only;
    std::ranges::set_difference(expected, got, std::back_inserter(only));
    for (Row& row : only) {
        lines.push_back({'-', std::move(row)});
    }
    only.clear();
    std::ranges::set_difference(got, expected, std::back_inserter(only));
    for (Row& row : only) {
        lines.push_back({'+', std::move(row)});
    }
    return lines;
}

std::vector<Row> trimmed(std::vector<Row> rows) {
    for (Row& row : rows) {
        for (std::string& cell : row) {
            cell = std::string(runbook::trim(cell));
        }
    }
    return rows;
}

}  // namespace

Mismatch table_mismatch(const ExpectedTable& expected, const Row& columns, const std::vector<Row>& rows) {
    if (expected.columns != columns) {
        return {fmt::format("expected the columns {}, got {}", fmt::join(expected.columns, ", "), fmt::join(columns, ", ")), ""};
    }
    const std::vector<Row> got = expected.trimmed ? trimmed(rows) : rows;
    const std::vector<Line> lines = expected.ordered ? ordered_difference(expected.rows, got) : bag_difference(expected.rows, got);
    if (lines.empty()) {
        return {};
    }
    const auto missing = std::ranges::count(lines, '-', &Line::sign);
    return {fmt::format("its table differs: {} expected {} missing, {} not expected", missing, missing == 1 ? "row is" : "rows are",
                        static_cast<std::ptrdiff_t>(lines.size()) - missing),
            draw(columns, lines)};
}

bool is_one_boolean(const pg::Result& r) {
    return r.rows() == 1 && r.columns() == 1 && (r.is_null(0, 0) || r.text(0, 0) == "t" || r.text(0, 0) == "f");
}

bool is_true(const pg::Result& r) {
    return r.rows() == 1 && r.columns() == 1 && r.text(0, 0) == "t";
}

Mismatch mismatch(const runbook::Expectation& expects, const pg::Result& r, const Records& records) {
    const auto told = [&](std::string message) { return message.empty() ? Mismatch{} : Mismatch{std::move(message), first_row(r)}; };
    switch (expects.expect) {
        case Expect::empty: return told(r.rows() == 0 ? "" : fmt::format("expected no row, got {}", r.rows()));
        case Expect::is_true:
            return told(is_true(r) ? ""
                                   : fmt::format("expected one value that is true, got {}", r.rows() == 0 ? "no row" : "something else"));
        case Expect::count: {
            const std::int64_t n = single_number(r).value_or(r.rows());
            return told(n == expects.count ? "" : fmt::format("expected {}, got {}", expects.count, n));
        }
        case Expect::compare: return told(compare_mismatch(expects.comparison, r, records));
        case Expect::table: return table_mismatch(expects.table, names_of(r), rows_of(r));
        case Expect::anything: return {};
        case Expect::error: return {fmt::format("expected the error {}, and there was none", expects.sqlstate), ""};
    }
    return {};
}

}  // namespace pgbelay::engine
