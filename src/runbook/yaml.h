// YAML as front matter may be written: every node with its place; what surprises people in YAML is refused.
#pragma once

#include "base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::runbook {

struct YamlEntry;

struct YamlNode {
    enum class Kind { null, scalar, sequence, map };

    Kind kind = Kind::null;
    base::Place place;
    std::string scalar;
    std::vector<YamlNode> sequence;
    std::vector<YamlEntry> map;  // in the order written; keys are scalars

    const YamlNode* find(std::string_view key) const;
};

struct YamlEntry {
    YamlNode first;
    YamlNode second;
};

// Reads one document. `first_line` is where `text` begins in `file`. Throws Error{input} at the place of: bad syntax, a key that occurs
// twice, anchors, aliases and merge keys, tags, numbers with leading zeros (octal for some readers, decimal for others), keys that are no
// scalars, a second document.
YamlNode parse_yaml(std::string_view text, const std::string& file, int first_line);

}  // namespace pgbelay::runbook
