// A Markdown runbook: front matter, and fences that are steps.
#pragma once

#include "runbook/runbook.h"

#include <string>
#include <string_view>

namespace pgbelay::runbook {

// Reads the runbook in `bytes`, the contents of the file at `path`, into a Runbook of one File (`key`): its fences' statements together are
// what the ledger knows as this runbook. Does not fill Runbook::digest. Throws Error{input} with the place.
Runbook read_markdown(std::string_view bytes, const std::string& path, const std::string& key, const ReadOptions& options);

// A heading as part of a step's name: lower-case letters and digits with single hyphens between them; other letters than ASCII's stay.
std::string slug(std::string_view heading);

}  // namespace pgbelay::runbook
