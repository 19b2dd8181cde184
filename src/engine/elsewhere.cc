#include "engine/elsewhere.h"

#include "engine/journal/journal.h"
#include "engine/journal/records.h"
#include "pg/standing.h"

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

// How this target differs from the other one, in what matters to a migration; "" when it does not.
std::string differences(Target& here, Target& there) {
    std::vector<std::string> words;
    if (here.control().major() != there.control().major()) {
        words.push_back(fmt::format("PostgreSQL {} there, {} here", there.facts().version_text, here.facts().version_text));
    }
    const auto ours = pg::extension_versions(here.control());
    for (const auto& [name, version] : pg::extension_versions(there.control())) {
        const auto same = ours.find(name);
        if (same == ours.end()) {
            words.push_back(fmt::format("extension {} {} there, none here", name, version));
        } else if (same->second != version) {
            words.push_back(fmt::format("extension {} {} there, {} here", name, version, same->second));
        }
    }
    return fmt::format("{}", fmt::join(words, "; "));
}

}  // namespace

Answer deployed_on(Target& target, const runbook::Runbook& runbook, const runbook::Requirement& requirement) {
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
        const std::string differs = differences(target, other);
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
    return run ? Answer{true, fmt::format("run {}, by {} on {}", run->id, run->who, run->at), ""}
               : Answer{false, "it was not deployed here, or was rolled back", way_out};
}

Answer same_as(Target& target, const runbook::Runbook& runbook, const runbook::Requirement& requirement) {
    auto opened = open_other(target, runbook, requirement.subject);
    if (auto* answer = std::get_if<Answer>(&opened)) {
        return *answer;
    }
    const std::string differs = differences(target, std::get<Target>(opened));
    return {differs.empty(), differs.empty() ? "same major version and extensions" : differs, "make them alike, or test on one that is"};
}

}  // namespace pgbelay::engine
