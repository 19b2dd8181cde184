// What `sql check`, `sql try` and `confirm` fences ask for besides their SQL.
#pragma once

#include "runbook/fence_comments.h"
#include "runbook/fence_info.h"
#include "runbook/fences.h"
#include "runbook/runbook.h"

#include <string>
#include <vector>

namespace pgbelay::runbook {

// An `expect` fence, with its attributes.
struct TableFence {
    const Fence* fence = nullptr;
    const Command* command = nullptr;
};

// The expectation of a check or a try: of its attributes, its comments, or the `expect` fence after it. `otherwise` where there is none.
// Throws Error{input} for two of them, for none where `otherwise` is nothing, and for one that cannot be read.
Expectation read_expectation(const Fence& fence, const Command& command, const std::vector<FenceComment>& comments, const TableFence& table,
                             std::optional<Expect> otherwise);

// `record=`: the name of recorded values. Throws Error{input}.
std::string read_record(const Command& command);

// The lines of a `confirm` fence that are not empty. Throws Error{input} when there is none.
ConfirmItem read_confirm(const Fence& fence);

// Throws Error{input} for a comparison with a value that no check before it records, with the nearest name.
void require_recorded(const std::vector<Item>& items);

}  // namespace pgbelay::runbook
