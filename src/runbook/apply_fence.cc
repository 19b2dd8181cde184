#include "runbook/apply_fence.h"

#include "runbook/text.h"
#include "runbook/transaction_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace pgbelay::runbook {
namespace {

constexpr std::string_view kHowToWait =
    "write a time with its zone, such as 2026-01-31T02:00+01:00, or 7d after the name of an earlier step "
    "(not_before=7d-after:NAME, or the line `-- not_before: 7d after NAME`)";

[[noreturn]] void refuse_time(std::string_view text, const base::Place& place) {
    throw input_error(fmt::format("not_before is \"{}\", which is no time to wait for", text), place).hint(std::string(kHowToWait));
}

// Reads fixed fields one after the other.
class Fields {
public:
    explicit Fields(std::string_view text) : text_(text) {}

    // A number of exactly so many digits in the range.
    std::optional<int> number(std::size_t digits, int least, int most) {
        int value = 0;
        if (text_.size() < digits || !all_digits(text_.substr(0, digits))) {
            return std::nullopt;
        }
        std::from_chars(text_.data(), text_.data() + digits, value);
        text_.remove_prefix(digits);
        return value >= least && value <= most ? std::optional(value) : std::nullopt;
    }
    bool one_of(std::string_view characters) {
        const bool found = !text_.empty() && characters.find(text_.front()) != std::string_view::npos;
        text_.remove_prefix(found ? 1 : 0);
        return found;
    }
    char next() const { return text_.empty() ? '\0' : text_.front(); }
    bool ended() const { return text_.empty(); }

private:
    std::string_view text_;
};

bool days_fit(int year, int month, int day) {
    static constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= kDays.at(static_cast<std::size_t>(month - 1)) + (leap && month == 2 ? 1 : 0);
}

// ISO 8601 with an offset: a time without one would be another on every machine. As PostgreSQL reads it on every setting of DateStyle.
std::optional<std::string> read_time(std::string_view text) {
    Fields fields(text);
    const auto year = fields.number(4, 1970, 9999);
    const bool date = year && fields.one_of("-");
    const auto month = date ? fields.number(2, 1, 12) : std::nullopt;
    const auto day = month && fields.one_of("-") ? fields.number(2, 1, 31) : std::nullopt;
    const auto hour = day && fields.one_of("T ") ? fields.number(2, 0, 23) : std::nullopt;
    const auto minute = hour && fields.one_of(":") ? fields.number(2, 0, 59) : std::nullopt;
    if (!minute || !days_fit(*year, *month, *day)) {
        return std::nullopt;
    }
    const auto second = fields.one_of(":") ? fields.number(2, 0, 59) : std::optional(0);
    if (!second) {
        return std::nullopt;
    }
    fields.one_of(" ");
    std::string zone = "+00:00";
    if (!fields.one_of("Z")) {
        const char sign = fields.next();
        const auto zone_hour = fields.one_of("+-") ? fields.number(2, 0, 15) : std::nullopt;
        if (!zone_hour) {
            return std::nullopt;
        }
        fields.one_of(":");
        const auto zone_minute = fields.ended() ? std::optional(0) : fields.number(2, 0, 59);
        if (!zone_minute) {
            return std::nullopt;
        }
        zone = fmt::format("{}{:02}:{:02}", sign, *zone_hour, *zone_minute);
    }
    if (!fields.ended()) {
        return std::nullopt;
    }
    return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}{}", *year, *month, *day, *hour, *minute, *second, zone);
}

// "7d after NAME", "7d-after:NAME": the two parts, around the separator.
NotBefore read_not_before(std::string_view text, std::string_view separator, const base::Place& place) {
    NotBefore result;
    if (const auto at = read_time(text)) {
        result.at = *at;
        return result;
    }
    const std::size_t after = text.find(separator);
    if (after == std::string_view::npos) {
        refuse_time(text, place);
    }
    const std::string delay(trim(text.substr(0, after)));
    result.after = trim(text.substr(after + separator.size()));
    const auto time = base::parse_duration(delay);
    if (!time || all_digits(delay) || result.after.empty()) {
        refuse_time(text, place);
    }
    result.delay = *time;
    return result;
}

void set_rule(const Command::Value& transaction, SqlItem& item) {
    static constexpr std::array<std::string_view, 3> kRules = {"auto", "one", "none"};
    if (std::find(kRules.begin(), kRules.end(), transaction.text) == kRules.end()) {
        throw input_error(fmt::format("transaction={}", transaction.text), transaction.place).hint(suggest(transaction.text, kRules));
    }
    if (transaction.text == "auto") {
        return;
    }
    for (const sql::Statement& statement : item.statements) {
        if (begins_transaction(statement) || ends_transaction(statement)) {
            throw input_error(fmt::format("\"{}\" in a step with transaction={}", statement.sql, transaction.text), statement.place)
                .hint("leave it out, or leave out transaction=: BEGIN and COMMIT are the author's then");
        }
    }
    item.rule = transaction.text == "one" ? TransactionRule::whole_file : TransactionRule::each_statement;
}

}  // namespace

base::Millis read_timeout(const Command& command) {
    const auto* timeout = command.find("timeout");
    if (timeout == nullptr) {
        return base::Millis(0);
    }
    const auto value = base::parse_duration(timeout->text);
    // PostgreSQL reads a bare number as milliseconds, people read it as seconds.
    if (!value || all_digits(timeout->text) || value->count() <= 0) {
        throw input_error(fmt::format("timeout is \"{}\", which is not a time", timeout->text), timeout->place)
            .hint("write it with its unit, such as 30s or 5min");
    }
    return *value;
}

void read_apply_attributes(const Command& command, const std::vector<FenceComment>& comments, SqlItem& item) {
    if (const auto* transaction = command.find("transaction")) {
        set_rule(*transaction, item);
    }
    item.timeout = read_timeout(command);
    const auto* word = command.find("not_before");
    const auto comment = only_comment(comments, "not_before", "keep the later one");
    if (word != nullptr && comment) {
        throw input_error("not_before is given twice", comment->place).hint("keep the attribute or the comment");
    }
    if (word != nullptr) {
        item.not_before = read_not_before(word->text, "-after:", word->place);
    } else if (comment) {
        item.not_before = read_not_before(comment->value, " after ", comment->place);
    }
}

void require_steps_to_wait_for(const std::vector<Item>& items) {
    std::vector<std::string_view> before;
    for (const Item& item : items) {
        const auto* sql = std::get_if<SqlItem>(&item.what);
        const std::string name = sql == nullptr ? "" : sql->not_before.after;
        if (!name.empty() && std::find(before.begin(), before.end(), name) == before.end()) {
            throw input_error(fmt::format("not_before waits for \"{}\", and no step before this one is called so", name), item.place)
                .hint(before.empty() ? "give an earlier step that name with name=" : suggest(name, before));
        }
        // A measurement ends with the run.
        if (!std::holds_alternative<MeasureItem>(item.what)) {
            before.push_back(item.name);
        }
    }
}

}  // namespace pgbelay::runbook
