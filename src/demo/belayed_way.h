// The same change as pgbelay makes it: read, prepared, checked and deployed through the library, with the display of `deploy`.
#pragma once

#include "base/wait.h"
#include "demo/screen.h"
#include "engine/measured.h"
#include "pg/conninfo.h"

#include <filesystem>
#include <string>
#include <vector>

namespace pgbelay::demo {

struct Belayed {
    std::string words;  // what came of it
    std::vector<engine::Measured> measured;
};
// Throws Error{interrupted} on `stop`, and what the gates refuse.
Belayed change_with_pgbelay(const pg::Conninfo& database, const std::filesystem::path& runbook, const Screen& screen,
                            base::StopSignal& stop);

}  // namespace pgbelay::demo
