// What lies in a directory of migrations.
#pragma once

#include "base/error.h"

#include <filesystem>
#include <string>
#include <vector>

namespace pgbelay::runbook {

// In byte-wise order of names; hidden entries are left out.
struct Listing {
    std::vector<std::filesystem::path> files;
    std::vector<std::filesystem::path> directories;
};

// Throws Error{input} when the directory cannot be read.
Listing list(const std::filesystem::path& directory);

std::vector<std::filesystem::path> sql_files(const Listing& listing);
// Every SQL file below a directory, however deep.
std::vector<std::filesystem::path> sql_files_below(const std::filesystem::path& directory);

// An Error{input} about a whole file or directory.
base::Error file_error(std::string message, const std::filesystem::path& path);

}  // namespace pgbelay::runbook
