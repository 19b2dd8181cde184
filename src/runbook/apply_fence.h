// What the attributes and comments of an `sql apply` fence say about how and when its statements run.
#pragma once

#include "runbook/fence_comments.h"
#include "runbook/fence_info.h"
#include "runbook/runbook.h"

#include <vector>

namespace pgbelay::runbook {

// `transaction=`, `timeout=`, `not_before=` and `-- not_before:`, put into the item. Throws Error{input}.
void read_apply_attributes(const Command& command, const std::vector<FenceComment>& comments, SqlItem& item);

// `timeout=` as a time; 0 when it is not given. Throws Error{input}.
base::Millis read_timeout(const Command& command);

// Throws Error{input} for a `not_before` after a step that does not stand before it, with the nearest name.
void require_steps_to_wait_for(const std::vector<Item>& items);

}  // namespace pgbelay::runbook
