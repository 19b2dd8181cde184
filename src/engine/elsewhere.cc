#include "engine/elsewhere.h"

#include "engine/journal/journal.h"
#include "engine/journal/records.h"
#include "engine/likeness.h"
#include "engine/receipt.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <variant>

namespace pgbelay::engine {
namespace {

// The other target, or why it cannot be asked.
std::variant<Target, Answer> open_other(const Target& target, const runbook::Runbook& runbook, const std::string& name) {
    const auto found = std::ranges::find(runbook.targets, name, &runbook::Target::name);
    if (found == runbook.targets.end()) {
        return Answer{false, fmt::format("the runbook names no target {}", name), fmt::format("add it: targets: {{ {}: ${{…}} }}", name)};
    }
    if (!found->missing.empty()) {
        return Answer{false, fmt::format("the variable {} is not set", found->missing), "set it to the URL of that target"};
    }
    try {
        return Target::open(pg::Conninfo(found->url, "target " + name), target.stop());
    } catch (const base::Error& error) {
        if (error.code() == base::ErrorCode::interrupted) {
            throw;
        }
        return Answer{false, fmt::format("{} cannot be asked: {}", name, error.message()), "see to it that it can be reached from here"};
    }
}

bool same_database(const Target& here, const Target& there) {
    return here.facts().system_identifier == there.facts().system_identifier && here.facts().database_oid == there.facts().database_oid;
}

// What the run kept under "record.column"; "" when it kept nothing, or NULL.
std::string recorded_value(Target& target, std::int64_t run, const std::string& name) {
    const std::size_t dot = name.find('.');
    const Records records = Journal(target.control()).records({.id = run});
    const auto record = records.find(name.substr(0, dot));
    if (record == records.end()) {
        return "";
    }
    const auto column = std::ranges::find(record->second, name.substr(dot + 1), &Record::value_type::first);
    return column == record->second.end() ? "" : column->second.value_or("");
}

}  // namespace

Answer deployed_on(Target& target, const runbook::Runbook& runbook, const runbook::Requirement& requirement) {
    // As `--env` chose it.
    const bool itself = target.conninfo().source().starts_with(fmt::format("target {} of ", requirement.subject));
    if (requirement.options.contains("receipt") && !itself) {
        return shown_by_receipt(target, runbook.digest, requirement);
    }
    if (itself) {
        return {true, "this is that target itself", ""};
    }
    auto opened = open_other(target, runbook, requirement.subject);
    if (auto* answer = std::get_if<Answer>(&opened)) {
        return *answer;
    }
    Target& other = std::get<Target>(opened);
    if (same_database(target, other)) {
        return {true, "this is that target itself", ""};
    }
    const std::string way_out = fmt::format("pgbelay deploy {} --env {}", requirement.place.file, requirement.subject);
    if (!journal_exists(other.control())) {
        return {false, fmt::format("nothing was deployed on {} with pgbelay yet", other.describe()), way_out};
    }
    if (const auto run = latest_deployed(other.control(), other.facts(), runbook.digest, ""); run && run->verified) {
        const std::string differs = differences(likeness_of(target), likeness_of(other));
        return {
            true,
            fmt::format("run {} on {}, by {} on {}{}", run->id, other.describe(), run->who, run->at, differs.empty() ? "" : "; " + differs),
            ""};
    }
    const auto earlier = latest_deployed(other.control(), other.facts(), "", runbook.name);
    return {false,
            earlier ? fmt::format("not this digest: run {} on {} deployed {:.12} on {}, and this is {:.12}", earlier->id, other.describe(),
                                  earlier->digest, earlier->at, runbook.digest)
                    : fmt::format("it was not deployed on {}", other.describe()),
            way_out};
}

Answer deployed_after(Target& target, const runbook::Requirement& requirement) {
    const std::string way_out = fmt::format("deploy {} first", requirement.subject);
    if (!journal_exists(target.control())) {
        return {false, "nothing was deployed here with pgbelay yet", way_out};
    }
    const auto run = latest_deployed(target.control(), target.facts(), "", requirement.subject);
    if (!run) {
        return {false, "it was not deployed here, or was rolled back", way_out};
    }
    Answer answer{true, fmt::format("run {}, by {} on {}", run->id, run->who, run->at), ""};
    if (const auto wanted = requirement.options.find("value"); wanted != requirement.options.end()) {
        const std::string value = recorded_value(target, run->id, wanted->second);
        answer.holds = !value.empty();
        answer.found +=
            value.empty() ? fmt::format("; it did not record {}", wanted->second) : fmt::format("; {} is {}", wanted->second, value);
        answer.hint = fmt::format("deploy {} again, with a `sql check record=…` that finds {}", requirement.subject, wanted->second);
    }
    return answer;
}

Answer same_as(Target& target, const runbook::Runbook& runbook, const runbook::Requirement& requirement) {
    auto opened = open_other(target, runbook, requirement.subject);
    if (auto* answer = std::get_if<Answer>(&opened)) {
        return *answer;
    }
    const std::string differs = differences(likeness_of(target), likeness_of(std::get<Target>(opened)));
    return {differs.empty(), differs.empty() ? "same major version and extensions" : differs, "make them alike, or test on one that is"};
}

}  // namespace pgbelay::engine
