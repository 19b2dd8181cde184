// The tools that small statements are compared with, each with one migration for every statement.
#pragma once

#include "base/subprocess.h"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace pgbelay::bench {

struct Peer {
    std::string name;     // "dbmate"
    std::string missing;  // why it cannot be run here; "" otherwise
    std::function<base::Command(const std::string& url)> command;
};

// Writes their migrations into folders under `directory`.
std::vector<Peer> peers(const std::filesystem::path& directory, const std::vector<std::string>& statements);

}  // namespace pgbelay::bench
