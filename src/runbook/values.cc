#include "runbook/values.h"

#include <charconv>
#include <limits>
#include <optional>

namespace pgbelay::runbook {
namespace {

bool is_variable_name(std::string_view name) {
    const auto allowed = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    return !name.empty() && !(name.front() >= '0' && name.front() <= '9') && std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace

const std::string& scalar(const YamlNode& node, std::string_view key) {
    if (node.kind != YamlNode::Kind::scalar) {
        throw input_error(fmt::format("{} needs a single value", key), node.place);
    }
    return node.scalar;
}

void require_map(const YamlNode& node, std::string_view key, std::string_view example) {
    if (node.kind != YamlNode::Kind::map) {
        throw input_error(fmt::format("{} needs keys and values", key), node.place).hint(fmt::format("such as {}", example));
    }
}

base::Millis duration(const YamlNode& node, std::string_view key, bool zero_allowed) {
    const std::string& text = scalar(node, key);
    const auto value = base::parse_duration(text);
    // PostgreSQL reads a bare number as milliseconds, people read it as seconds.
    if (!value || (all_digits(text) && value->count() != 0)) {
        throw input_error(fmt::format("{} is \"{}\", which is not a time", key, text), node.place)
            .hint("write it with its unit, such as 100ms or 2min");
    }
    if (value->count() == 0 && !zero_allowed) {
        throw input_error(fmt::format("{} must be more than 0", key), node.place);
    }
    return *value;
}

int count(const YamlNode& node, std::string_view key) {
    const std::string& text = scalar(node, key);
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (!all_digits(text) || error != std::errc() || end != text.data() + text.size()) {
        throw input_error(fmt::format("{} is \"{}\", which is not a whole number", key, text), node.place);
    }
    return value;
}

bool boolean(const YamlNode& node, std::string_view key) {
    const std::string& text = scalar(node, key);
    if (text != "true" && text != "false") {
        throw input_error(fmt::format("{} is \"{}\", which is neither true nor false", key, text), node.place);
    }
    return text == "true";
}

std::int64_t size(const YamlNode& node, std::string_view key) {
    static constexpr std::array<std::string_view, 5> kUnits = {"b", "kb", "mb", "gb", "tb"};
    const std::string& text = scalar(node, key);
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string unit = to_lower(trim(std::string_view(text).substr(digits)));
    const auto found = std::find(kUnits.begin(), kUnits.end(), unit.empty() ? "b" : unit);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
    const int shift = 10 * static_cast<int>(found - kUnits.begin());
    if (digits == 0 || found == kUnits.end() || error != std::errc() || end != text.data() + digits ||
        value > (std::numeric_limits<std::int64_t>::max() >> shift)) {
        throw input_error(fmt::format("{} is \"{}\", which is not a size", key, text), node.place).hint("such as 8MB");
    }
    return value << shift;
}

Expanded expand(std::string_view text, const Environment& environment, const std::string& what, const base::Place& place) {
    Expanded result;
    while (!text.empty()) {
        const std::size_t begin = text.find("${");
        result.text += text.substr(0, begin);
        if (begin == std::string_view::npos) {
            break;
        }
        const std::size_t end = text.find('}', begin);
        const std::string_view inside = text.substr(begin + 2, end == std::string_view::npos ? end : end - begin - 2);
        const std::size_t separator = inside.find(":-");
        const std::string name(inside.substr(0, separator));
        if (end == std::string_view::npos || !is_variable_name(name)) {
            throw input_error(what + " has a \"${\" that is no variable", place).hint("write ${NAME} or ${NAME:-default}");
        }
        const std::string value = environment(name).value_or("");
        result.secret = result.secret || !value.empty();
        if (!value.empty()) {
            result.text += value;
        } else if (separator != std::string_view::npos) {
            result.text += inside.substr(separator + 2);
        } else if (result.missing.empty()) {
            result.missing = name;
        }
        text.remove_prefix(end + 1);
    }
    if (!result.missing.empty()) {
        result.text.clear();
    }
    return result;
}

}  // namespace pgbelay::runbook
