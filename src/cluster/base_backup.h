// A copy of a running server's data directory from which a standby can start.
#pragma once

#include "cluster/directory.h"

#include <filesystem>
#include <string>

namespace pgbelay::cluster {

// Copies `from`, the data directory of the server at `url` (a superuser's), into the empty directory `to`, while the server works: what
// pg_basebackup does, which not every installation has. Tablespaces outside of the data directory are not copied.
// Throws Error{input|connection}.
void copy_running_server(const std::string& url, const std::filesystem::path& from, const std::filesystem::path& to,
                         const ServerUser& user);

}  // namespace pgbelay::cluster
