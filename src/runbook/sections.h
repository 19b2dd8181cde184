// The up and down sections by which dbmate and goose keep a migration and its undoing in one file.
#pragma once

#include "runbook/runbook.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgbelay::runbook {

struct Section {
    std::string_view bytes;   // after the marker's line, up to the next section or the end
    int first_line = 1;       // of `bytes` in the file
    bool transaction = true;  // unless the author opted out
    // Lines, from 1 and in pairs, of goose's StatementBegin and StatementEnd.
    std::vector<std::pair<int, int>> blocks;
};

struct Sections {
    Section up;
    std::optional<Section> down;
};

// Whether the text has a line by which its tool recognises it: `-- migrate:up`, `-- +goose Up`.
bool has_dbmate_marker(std::string_view text);
bool has_goose_marker(std::string_view text);

// Views into `text`. Both throw Error{input} at the line that is wrong: no or several up sections, down before up, statements
// before the first section, options or annotations that are not known. docs/layouts.md has the rules and where they come from.
Sections dbmate_sections(std::string_view text, const std::string& file);
Sections goose_sections(std::string_view text, const std::string& file);

}  // namespace pgbelay::runbook
