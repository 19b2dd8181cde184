#include "runbook/expectation.h"

#include "runbook/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace pgbelay::runbook {
namespace {

constexpr std::string_view kWays =
    "write expect=empty, expect=true or expect=N, a line such as `-- expect: >= 100`, or an expect fence after it";

// "it''s" as it is between quotes.
std::string unquote(std::string_view text, const base::Place& place) {
    std::string value;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        if (text[i] == '\'' && (text[i + 1] != '\'' || i + 2 == text.size())) {
            throw input_error("a quote inside of a quoted value", place).hint("write it twice");
        }
        i += text[i] == '\'' ? 1 : 0;
        value += text[i];
    }
    return value;
}

// A number taken apart: digits without leading and trailing zeros, and where the point stands.
struct Number {
    bool negative = false;
    std::string digits;      // "" for zero
    long long exponent = 0;  // of 0.DIGITS
};

std::optional<Number> read_number(std::string_view text) {
    Number n;
    if (text.starts_with('-') || text.starts_with('+')) {
        n.negative = text.front() == '-';
        text.remove_prefix(1);
    }
    const std::size_t e = std::min(text.find_first_of("eE"), text.size());
    std::string_view mantissa = text.substr(0, e);
    const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
    const std::string_view whole = mantissa.substr(0, point);
    const std::string_view fraction = point < mantissa.size() ? mantissa.substr(point + 1) : std::string_view();
    n.digits = std::string(whole) + std::string(fraction);
    if (!all_digits(n.digits)) {
        return std::nullopt;
    }
    if (e < text.size()) {
        std::string_view power = text.substr(e + 1);
        power.remove_prefix(power.starts_with('+') ? 1 : 0);
        constexpr long long kMost = 200'000;  // numeric has 131072 digits before the point at most
        const auto [end, error] = std::from_chars(power.data(), power.data() + power.size(), n.exponent);
        if (power.empty() || error != std::errc() || end != power.data() + power.size() || n.exponent > kMost || n.exponent < -kMost) {
            return std::nullopt;
        }
    }
    n.exponent += static_cast<long long>(whole.size());
    const std::size_t zeros = std::min(n.digits.find_first_not_of('0'), n.digits.size());
    n.digits.erase(0, zeros);
    n.exponent -= static_cast<long long>(zeros);
    n.digits.erase(n.digits.find_last_not_of('0') + 1);
    return n;
}

int sign_of(const Number& n) {
    return n.digits.empty() ? 0 : n.negative ? -1 : 1;
}

}  // namespace

bool is_record_name(std::string_view text) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    return !text.empty() && letter(text.front()) &&
           std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; });
}

std::optional<int> compare_numbers(std::string_view a, std::string_view b) {
    const auto x = read_number(a);
    const auto y = read_number(b);
    if (!x || !y) {
        return std::nullopt;
    }
    if (sign_of(*x) != sign_of(*y) || sign_of(*x) == 0) {
        return sign_of(*x) < sign_of(*y) ? -1 : sign_of(*x) > sign_of(*y) ? 1 : 0;
    }
    const int larger = x->exponent != y->exponent ? (x->exponent < y->exponent ? -1 : 1) : x->digits.compare(y->digits);
    const int normal = larger < 0 ? -1 : larger > 0 ? 1 : 0;
    return x->negative ? -normal : normal;
}

Expectation read_expect_word(const std::string& text, const base::Place& place) {
    Expectation expectation;
    if (text == "empty") {
        return expectation;
    }
    if (text == "true") {
        expectation.expect = Expect::is_true;
        return expectation;
    }
    expectation.expect = Expect::count;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), expectation.count);
    if (!all_digits(text) || error != std::errc() || end != text.data() + text.size()) {
        throw input_error(fmt::format("expect={} is nothing that can be expected", text), place).hint(std::string(kWays));
    }
    return expectation;
}

Comparison read_comparison(std::string_view text, const base::Place& place) {
    // The longer ones first.
    static constexpr std::array<std::string_view, 6> kOperators = {"<>", "<=", ">=", "=", "<", ">"};
    text = trim(text);
    const auto op = std::find_if(kOperators.begin(), kOperators.end(), [&](std::string_view o) { return text.starts_with(o); });
    if (op == kOperators.end()) {
        throw input_error(fmt::format("\"{}\" does not begin with a comparison", text), place)
            .hint("write =, <>, <, <=, > or >= and a value, such as `-- expect: >= 100`");
    }
    const std::string_view value = trim(text.substr(op->size()));
    Comparison comparison{.op = std::string(*op)};
    if (value.empty()) {
        throw input_error("a comparison with nothing", place).hint("write a number, a text, true, or NAME.COLUMN of a recorded value");
    }
    if (value.size() >= 2 && value.front() == '\'' && value.back() == '\'') {
        comparison.value = unquote(value, place);
        return comparison;
    }
    if (value.front() == '\'' || value.back() == '\'' || value.find_first_of("=<>") == 0) {
        throw input_error(fmt::format("\"{}\" cannot be compared with", value), place)
            .hint("write a number, a text between single quotes, true, or NAME.COLUMN of a recorded value");
    }
    const std::size_t point = value.find('.');
    if (point != std::string_view::npos && is_record_name(value.substr(0, point)) && is_record_name(value.substr(point + 1))) {
        comparison.record = value.substr(0, point);
        comparison.column = value.substr(point + 1);
    } else {
        comparison.value = value;
    }
    return comparison;
}

std::string to_string(const Expectation& e) {
    std::string text = fmt::format("{} {}", static_cast<int>(e.expect), e.count);
    // With its length, so that no two expectations read alike.
    const auto add = [&](std::string_view part) { text += fmt::format(" {}:{}", part.size(), part); };
    if (e.expect == Expect::compare) {
        for (const auto& part : {e.comparison.op, e.comparison.value, e.comparison.record, e.comparison.column}) {
            add(part);
        }
    }
    if (e.expect == Expect::table) {
        text += e.table.ordered ? " ordered" : " unordered";
        for (const auto& name : e.table.columns) {
            add(name);
        }
        for (const auto& row : e.table.rows) {
            for (const auto& cell : row) {
                add(cell);
            }
        }
    }
    return text + (e.sqlstate.empty() ? "" : " " + e.sqlstate);
}

}  // namespace pgbelay::runbook
