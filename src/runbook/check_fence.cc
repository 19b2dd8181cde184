#include "runbook/check_fence.h"

#include "runbook/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace pgbelay::runbook {
namespace {

// What an author gave as an expectation, to be told to whoever gave two.
struct Given {
    Expectation expectation;
    base::Place place;
};

bool read_order(const Command& command) {
    const auto* order = command.find("order");
    if (order != nullptr && order->text != "yes" && order->text != "no") {
        throw input_error(fmt::format("order={}", order->text), order->place).hint("write order=yes where the order of the rows matters");
    }
    return order != nullptr && order->text == "yes";
}

Expectation read_error_code(const Command::Value& value) {
    const bool code = value.text.size() == 5 && std::all_of(value.text.begin(), value.text.end(),
                                                            [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
    if (!code) {
        throw input_error(fmt::format("expect_error={} is no SQLSTATE", value.text), value.place)
            .hint("five digits or upper-case letters, such as 23505 for a violated unique constraint");
    }
    return {.expect = Expect::error, .sqlstate = value.text};
}

std::vector<Given> all_given(const Command& command, const std::vector<FenceComment>& comments, const TableFence& table) {
    std::vector<Given> given;
    if (const auto* word = command.find("expect")) {
        given.push_back({read_expect_word(word->text, word->place), word->place});
    }
    if (const auto* code = command.find("expect_error")) {
        given.push_back({read_error_code(*code), code->place});
    }
    if (const auto comment = only_comment(comments, "expect", "make a check of its own of it")) {
        given.push_back({{.expect = Expect::compare, .comparison = read_comparison(comment->value, comment->place)}, comment->place});
    }
    if (table.fence != nullptr) {
        const base::Place first{table.fence->place.file, table.fence->place.line + 1, 1};
        Expectation expectation{.expect = Expect::table, .table = read_expected_table(table.fence->content, first)};
        expectation.table.ordered = read_order(*table.command);
        given.push_back({std::move(expectation), table.fence->place});
    }
    return given;
}

}  // namespace

Expectation read_expectation(const Fence& fence, const Command& command, const std::vector<FenceComment>& comments, const TableFence& table,
                             std::optional<Expect> otherwise) {
    std::vector<Given> given = all_given(command, comments, table);
    if (given.size() > 1) {
        throw input_error(fmt::format("a second expectation; the first is at line {}", given[0].place.line), given[1].place)
            .hint("keep one of them, or make a check of its own of the other");
    }
    if (!given.empty()) {
        return std::move(given.front().expectation);
    }
    if (!otherwise) {
        throw input_error("a check without an expectation", fence.place)
            .hint(
                "add expect=empty, expect=true, expect=N (a number of rows), a line such as `-- expect: >= 100`, or an expect fence after "
                "it");
    }
    return {.expect = *otherwise};
}

std::string read_record(const Command& command) {
    const auto* record = command.find("record");
    if (record == nullptr) {
        return "";
    }
    if (!is_record_name(record->text)) {
        throw input_error(fmt::format("\"{}\" cannot be the name of recorded values", record->text), record->place)
            .hint("begin with a letter; use letters, digits, \"-\" and \"_\"");
    }
    require_short(record->text, record->place);
    return record->text;
}

ConfirmItem read_confirm(const Fence& fence) {
    ConfirmItem item;
    for (const std::string_view line : split_lines(fence.content)) {
        if (!trim(line).empty()) {
            item.lines.emplace_back(trim(line));
        }
    }
    if (item.lines.empty()) {
        throw input_error("nothing to confirm", fence.place).hint("write what a person has seen to, one line each");
    }
    return item;
}

void require_recorded(const std::vector<Item>& items) {
    std::map<std::string, base::Place, std::less<>> recorded;
    const auto require = [&](const Expectation& expects, const base::Place& place) {
        const std::string& name = expects.comparison.record;
        if (name.empty() || recorded.contains(name)) {
            return;
        }
        base::Error error = input_error(fmt::format("no check before this one records \"{}\"", name), place);
        std::vector<std::string_view> names;
        for (const auto& [known, where] : recorded) {
            names.push_back(known);
        }
        throw error.hint(names.empty() ? "record it with record=" + name + " on an earlier check; a text is written between single quotes"
                                       : suggest(name, names));
    };
    for (const Item& item : items) {
        if (const auto* check = std::get_if<CheckItem>(&item.what)) {
            require(check->expects, item.place);
            if (check->record.empty()) {
                continue;
            }
            if (const auto [first, added] = recorded.emplace(check->record, item.place); !added) {
                throw input_error(fmt::format("two checks record \"{}\"; the first is at line {}", check->record, first->second.line),
                                  item.place)
                    .hint("give each record a name of its own");
            }
        } else if (const auto* attempt = std::get_if<TryItem>(&item.what)) {
            require(attempt->expects, item.place);
        }
    }
}

}  // namespace pgbelay::runbook
