// The front matter of a runbook: its name, targets, limits and policies.
#pragma once

#include "runbook/runbook.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::runbook {

struct FrontMatter {
    std::string name;  // "" when the author gave none
    std::vector<Target> targets;
    std::vector<Target> replicas;
    Limits limits;
    OnBreach on_breach = OnBreach::pause;
    Blockers blockers;
    std::vector<Requirement> requirements;
    std::vector<Written> windows;
    std::vector<Notification> notifications;
};

// Where the front matter of a Markdown file lies: the lines between its `---` marks.
struct FrontMatterText {
    std::string_view yaml;
    int first_line = 2;     // of the YAML
    std::string_view body;  // the Markdown after it
    int body_first_line = 1;
};

// Throws Error{input} when there is none or it does not end.
FrontMatterText find_front_matter(std::string_view text, const std::string& file);

// Throws Error{input} at the place of whatever it does not know: a key of the format that this version does not support, an unknown key
// (with the nearest known one), a value that is none. `${VAR}` and `${VAR:-default}` in targets and replicas are looked up in
// `environment`.
FrontMatter read_front_matter(const FrontMatterText& text, const std::string& file, const Environment& environment);

// Limits given on the command line, over those of the front matter. Throws Error{input} like read_front_matter.
void override_limits(Limits& limits, const std::map<std::string, std::string>& given);

}  // namespace pgbelay::runbook
