// The server that cases run on: started here with the fixtures' databases and roles, or by an earlier process and shared.
#pragma once

#include "cluster/cluster.h"

#include <filesystem>
#include <memory>
#include <string>

namespace pgbelay::test {

// A private server of that major version, made ready for cases. Throws base::Error when its binaries are missing.
std::unique_ptr<cluster::Cluster> start_server(const std::string& major);

// Starts one in a process of its own that outlives this one, and returns once `directory` holds its URL. The process ends with
// stop_shared_server(), or by itself after an hour. Throws std::runtime_error.
void start_shared_server(const std::string& major, const std::filesystem::path& directory);
void stop_shared_server(const std::filesystem::path& directory);
// "postgresql://postgres@127.0.0.1:PORT/postgres". Throws std::runtime_error when no server was started there.
std::string shared_server_url(const std::filesystem::path& directory);

}  // namespace pgbelay::test
