// Events as JSON, one object a line: what `--format jsonl` streams.
#pragma once

#include "engine/event.h"
#include "report/json.h"

#include <cstdint>
#include <string>

namespace pgbelay::report {

// `at` is ISO 8601 in UTC; `run` 0 = none was begun yet.
Json event_json(const engine::Event& event, std::int64_t run, const std::string& at);

}  // namespace pgbelay::report
