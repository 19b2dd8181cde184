// What stands in the first lines of a fence as comments, since it needs blanks or quotes: `-- when: …`, `-- expect: …`.
#pragma once

#include "runbook/fences.h"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::runbook {

struct FenceComment {
    std::string key;
    std::string value;
    base::Place place;
};

// Those among the comment lines at the top of the fence, in order. Throws Error{input} for one without a value, and for one that does not
// belong to the verb: `allowed` are the keys that do, `verb` its name for people.
std::vector<FenceComment> read_comments(const Fence& fence, std::initializer_list<std::string_view> allowed, std::string_view verb);

// The only one of this key; nothing when there is none. Throws Error{input} for a second.
std::optional<FenceComment> only_comment(const std::vector<FenceComment>& comments, std::string_view key, std::string_view what_to_do);

}  // namespace pgbelay::runbook
