#include "engine/likeness.h"

#include "pg/standing.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <vector>

namespace pgbelay::engine {

namespace {

std::string major(const std::string& version) {
    return version.substr(0, version.find('.'));
}

}  // namespace

Likeness likeness_of(Target& target) {
    return {target.facts().version_text, pg::extension_versions(target.control())};
}

std::string differences(const Likeness& here, const Likeness& there) {
    std::vector<std::string> words;
    if (major(here.version) != major(there.version)) {
        words.push_back(fmt::format("PostgreSQL {} there, {} here", there.version, here.version));
    }
    for (const auto& [name, version] : there.extensions) {
        const auto same = here.extensions.find(name);
        if (same == here.extensions.end()) {
            words.push_back(fmt::format("extension {} {} there, none here", name, version));
        } else if (same->second != version) {
            words.push_back(fmt::format("extension {} {} there, {} here", name, version, same->second));
        }
    }
    return fmt::format("{}", fmt::join(words, "; "));
}

}  // namespace pgbelay::engine
