// The change as it is usually made: psql runs the file, statement by statement.
#pragma once

#include "base/wait.h"
#include "demo/screen.h"
#include "pg/conninfo.h"

#include <filesystem>
#include <string>

namespace pgbelay::demo {

// The application name of the session that changes the database.
inline constexpr const char* kMigration = "migration";

// Where psql is, beside the server's programs or in PATH; "" where it is not.
std::filesystem::path find_psql();

// Runs the file with psql, or sends its statements just so where there is none. Says what came of it.
std::string change_plainly(const std::filesystem::path& psql, const std::string& url, const std::filesystem::path& file, Screen& screen,
                           const base::StopSignal& stop);

}  // namespace pgbelay::demo
