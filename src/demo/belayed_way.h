// The same change as pgbelay makes it: read, prepared, checked and deployed through the library, with the display of `deploy`.
#pragma once

#include "base/wait.h"
#include "demo/screen.h"
#include "pg/conninfo.h"

#include <filesystem>
#include <string>

namespace pgbelay::demo {

// Says what came of it. Throws Error{interrupted} on `stop`, and what the gates refuse.
std::string change_with_pgbelay(const pg::Conninfo& database, const std::filesystem::path& file, const Screen& screen,
                                base::StopSignal& stop);

}  // namespace pgbelay::demo
