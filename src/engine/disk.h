// Whether there is room for what a plan writes anew: indexes and copies of tables.
#pragma once

#include "engine/answer.h"
#include "engine/target.h"
#include "plan/new_storage.h"
#include "runbook/requirement.h"

#include <vector>

namespace pgbelay::engine {

// Against what the author says is available, or what `df` on the server says, tablespace by tablespace.
Answer enough_disk(Target& target, const std::vector<plan::NewStorage>& storage, const runbook::Requirement& requirement);

}  // namespace pgbelay::engine
