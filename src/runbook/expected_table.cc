// Reads the table of an `expect` fence: psql's aligned output, or CSV with a header.
#include "runbook/expectation.h"
#include "runbook/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

namespace pgbelay::runbook {
namespace {

constexpr std::size_t kMostRows = 10'000;  // of an answer, more are not kept

base::Place at_line(const base::Place& first, std::size_t line) {
    return {first.file, first.line + static_cast<int>(line), 1};
}

// "----+-----": what psql draws under the header.
bool is_rule(std::string_view line) {
    const std::string_view text = trim(line);
    return !text.empty() && text.front() == '-' && text.find_first_not_of("-+") == std::string_view::npos;
}

// "(2 rows)"; nothing for a row.
std::optional<std::size_t> row_count(std::string_view line) {
    const std::string_view text = trim(line);
    std::size_t n = 0;
    const std::string_view inside = text.starts_with('(') && text.ends_with(')') ? text.substr(1, text.size() - 2) : "";
    const auto [end, error] = std::from_chars(inside.data(), inside.data() + inside.size(), n);
    const std::string_view rest = inside.substr(static_cast<std::size_t>(end - inside.data()));
    return error == std::errc() && (rest == " row" || rest == " rows") ? std::optional(n) : std::nullopt;
}

std::vector<std::string> cells_between_bars(std::string_view line) {
    std::vector<std::string> cells;
    for (;;) {
        const std::size_t bar = line.find('|');
        cells.emplace_back(trim(line.substr(0, bar)));
        if (bar == std::string_view::npos) {
            return cells;
        }
        line.remove_prefix(bar + 1);
    }
}

void require_width(const ExpectedTable& table, const std::vector<std::string>& cells, const base::Place& place, std::string_view hint) {
    if (cells.size() != table.columns.size()) {
        throw input_error(fmt::format("a row of {} values under a header of {}", cells.size(), table.columns.size()), place)
            .hint(std::string(hint));
    }
}

ExpectedTable read_aligned(std::span<const std::string_view> lines, const base::Place& first, std::size_t offset) {
    ExpectedTable table{.columns = cells_between_bars(lines[0]), .trimmed = true};
    for (std::size_t i = 2; i < lines.size(); ++i) {
        if (const auto said = row_count(lines[i]); said && table.columns.size() != 1) {
            if (*said != table.rows.size()) {
                throw input_error(fmt::format("it says {}, and there are {}", trim(lines[i]), table.rows.size()),
                                  at_line(first, offset + i))
                    .hint("copy all of psql's output, or leave this line out");
            }
            continue;
        } else if (said && *said == table.rows.size() && i + 1 == lines.size()) {
            continue;
        }
        auto cells = cells_between_bars(lines[i]);
        require_width(table, cells, at_line(first, offset + i), "values with | in them or of several lines need CSV");
        table.rows.push_back(std::move(cells));
    }
    return table;
}

// RFC 4180: quotes around what holds commas, quotes (twice) and ends of lines.
class CsvReader {
public:
    CsvReader(std::string_view text, const base::Place& first) : text_(text), first_(first) {}

    ExpectedTable read() {
        ExpectedTable table;
        table.columns = record();
        while (at_ < text_.size()) {
            const std::size_t line = line_;
            auto cells = record();
            require_width(table, cells, at_line(first_, line), "values with commas in them need double quotes");
            table.rows.push_back(std::move(cells));
        }
        return table;
    }

private:
    std::vector<std::string> record() {
        std::vector<std::string> cells;
        do {
            cells.push_back(at_ < text_.size() && text_[at_] == '"' ? quoted() : bare());
        } while (at_ < text_.size() && text_[at_++] == ',');
        ++line_;
        return cells;
    }

    std::string bare() {
        const std::size_t end = std::min(text_.find_first_of(",\n", at_), text_.size());
        std::string cell(text_.substr(at_, end - at_));
        at_ = end;
        if (cell.ends_with('\r')) {
            cell.pop_back();
        }
        return cell;
    }

    std::string quoted() {
        const base::Place begin = at_line(first_, line_);
        std::string cell;
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == '"') {
                if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') {
                    return close(std::move(cell));
                }
                ++at_;
            }
            line_ += text_[at_] == '\n' ? 1 : 0;
            cell += text_[at_];
        }
        throw input_error("a quoted value that does not end", begin);
    }

    std::string close(std::string cell) {
        ++at_;
        at_ += at_ < text_.size() && text_[at_] == '\r' ? 1 : 0;
        if (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n') {
            throw input_error("something after the quotes of a value", at_line(first_, line_)).hint("put all of the value between quotes");
        }
        return cell;
    }

    std::string_view text_;
    base::Place first_;
    std::size_t at_ = 0;
    std::size_t line_ = 0;
};

void require_header(const ExpectedTable& table, const base::Place& place) {
    for (auto name = table.columns.begin(); name != table.columns.end(); ++name) {
        if (name->empty()) {
            throw input_error("a column without a name in the header", place).hint("the first line names the columns");
        }
    }
    if (table.rows.size() > kMostRows) {
        throw input_error(fmt::format("a table of {} rows: {} are the limit", table.rows.size(), kMostRows), place);
    }
}

}  // namespace

ExpectedTable read_expected_table(std::string_view content, const base::Place& first) {
    std::vector<std::string_view> lines = split_lines(content);
    std::size_t empty = 0;
    while (empty < lines.size() && trim(lines[empty]).empty()) {
        ++empty;
    }
    while (lines.size() > empty && trim(lines.back()).empty()) {
        lines.pop_back();
    }
    if (empty == lines.size()) {
        throw input_error("an expect fence without a table", first)
            .hint("paste what psql shows, or CSV with a header; for no row write expect=empty");
    }
    const std::span<const std::string_view> rest = std::span(lines).subspan(empty);
    ExpectedTable table;
    if (rest.size() > 1 && is_rule(rest[1])) {
        table = read_aligned(rest, first, empty);
    } else {
        const auto begin = static_cast<std::size_t>(rest.front().data() - content.data());
        const auto end = static_cast<std::size_t>(rest.back().data() - content.data()) + rest.back().size();
        table = CsvReader(content.substr(begin, end - begin), at_line(first, empty)).read();
    }
    require_header(table, at_line(first, empty));
    return table;
}

}  // namespace pgbelay::runbook
