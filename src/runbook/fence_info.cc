#include "runbook/fence_info.h"

#include "runbook/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <vector>

namespace pgbelay::runbook {
namespace {

// The verbs of the runbook format, in the order in which the format has them.
struct Language {
    std::string_view name;
    std::vector<std::string_view> verbs;
};

const std::array<Language, 6>& languages() {
    static const std::array<Language, 6> all = {{
        {"sql", {"apply", "check", "try", "rollback", "baseline", "explain", "probe", "watch"}},
        {"http", {"check", "probe", "watch"}},
        {"log", {"check", "probe", "watch"}},
        {"sh", {"run"}},
        {"confirm", {}},
        {"expect", {}},
    }};
    return all;
}

struct Supported {
    std::string_view name;
    Verb verb;
    std::vector<std::string_view> attributes;
};

const std::array<Supported, 7>& supported_sql() {
    static const std::array<Supported, 7> all = {{
        {"apply", Verb::apply, {"file", "name", "transaction", "timeout", "not_before"}},
        {"check", Verb::check, {"expect", "name", "record"}},
        {"try", Verb::attempt, {"expect", "expect_error", "name", "timeout"}},
        {"rollback", Verb::rollback, {"name"}},
        {"baseline", Verb::baseline, {"name", "timeout"}},
        {"explain", Verb::explain, {"max_ms", "min_speedup", "name", "runs", "timeout", "uses"}},
        {"probe", Verb::probe, {"every", "max_ms", "max_ratio", "name", "on_breach", "required", "timeout"}},
    }};
    return all;
}

// Languages that are verbs themselves.
const Supported* without_verb(std::string_view language) {
    static const std::array<Supported, 2> all = {{
        {"confirm", Verb::confirm, {"name"}},
        {"expect", Verb::expect, {"order"}},
    }};
    const auto found = std::find_if(all.begin(), all.end(), [&](const Supported& s) { return s.name == language; });
    return found == all.end() ? nullptr : &*found;
}

struct Word {
    std::string_view text;
    base::Place place;
};

std::vector<Word> words_of(const Fence& fence) {
    constexpr std::string_view kSpace = " \t";
    const std::string_view info = fence.info;
    std::vector<Word> words;
    for (std::size_t begin = info.find_first_not_of(kSpace); begin != std::string_view::npos;) {
        const std::size_t end = std::min(info.find_first_of(kSpace, begin), info.size());
        base::Place place = fence.place;
        place.column = fence.info_column + column_at(info, begin) - 1;
        words.push_back({info.substr(begin, end - begin), place});
        begin = info.find_first_not_of(kSpace, end);
    }
    return words;
}

const Supported& require_supported(const Language& language, const Word& verb) {
    if (std::find(language.verbs.begin(), language.verbs.end(), verb.text) == language.verbs.end()) {
        throw input_error(fmt::format("\"{}\" is no verb of {} fences", verb.text, language.name), verb.place)
            .hint(suggest(verb.text, language.verbs) + "; for documentation leave the word out");
    }
    const auto& all = supported_sql();
    const auto found = std::find_if(all.begin(), all.end(), [&](const Supported& s) { return s.name == verb.text; });
    if (language.name != "sql" || found == all.end()) {
        throw input_error(fmt::format("\"{} {}\" is not supported by this version", language.name, verb.text), verb.place)
            .hint("remove the verb to make it documentation, and do by hand what it stands for");
    }
    return *found;
}

void add_attribute(Command& command, const Supported& verb, std::string_view name, const Word& word) {
    const std::size_t equals = word.text.find('=');
    if (equals == std::string_view::npos || equals == 0) {
        throw input_error(fmt::format("\"{}\" is not an attribute", word.text), word.place)
            .hint("attributes are key=value, without white space; SQL and its conditions stand inside the fence");
    }
    const std::string_view key = word.text.substr(0, equals);
    const std::string_view value = word.text.substr(equals + 1);
    if (std::find(verb.attributes.begin(), verb.attributes.end(), key) == verb.attributes.end()) {
        throw input_error(fmt::format("unknown attribute \"{}\" of {}", key, name), word.place).hint(suggest(key, verb.attributes));
    }
    if (value.empty() || value.find_first_of("\"'`") != std::string_view::npos) {
        throw input_error(fmt::format("the value of {} must be a bare word", key), word.place)
            .hint("write it without quotes and white space");
    }
    if (!command.attributes.emplace(key, Command::Value{std::string(value), word.place}).second) {
        throw input_error(fmt::format("{} is given twice", key), word.place);
    }
}

}  // namespace

const Command::Value* Command::find(const std::string& key) const {
    const auto found = attributes.find(key);
    return found == attributes.end() ? nullptr : &found->second;
}

std::optional<Command> read_command(const Fence& fence) {
    const std::vector<Word> words = words_of(fence);
    if (words.empty()) {
        return std::nullopt;
    }
    const auto& all = languages();
    const auto language = std::find_if(all.begin(), all.end(), [&](const Language& l) { return l.name == to_lower(words[0].text); });
    if (language == all.end() || (words.size() > 1 && words[1].text.front() == '{')) {
        return std::nullopt;
    }
    const Supported* alone = without_verb(language->name);
    if (alone == nullptr && (words.size() < 2 || words[1].text.find('=') != std::string_view::npos)) {
        return std::nullopt;
    }
    const Supported& verb = alone != nullptr ? *alone : require_supported(*language, words[1]);
    const std::string name = alone != nullptr ? std::string(verb.name) : fmt::format("{} {}", language->name, verb.name);
    Command command{.verb = verb.verb};
    for (std::size_t i = alone != nullptr ? 1 : 2; i < words.size(); ++i) {
        add_attribute(command, verb, name, words[i]);
    }
    return command;
}

}  // namespace pgbelay::runbook
