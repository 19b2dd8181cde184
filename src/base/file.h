// Files as bytes.
#pragma once

#include "base/wait.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace pgbelay::base {

// The whole file; "-" is standard input. A pipe is waited for until it ends or `stop` is requested. Throws Error{input} that names
// the file and the system's reason, also for a directory, a device and for files over 256 MiB; Error{interrupted}.
std::string read_file(const std::filesystem::path& path, const StopSignal* stop = nullptr);

// Writes the whole file with mode 0600 through a temporary name beside it and a rename. Throws Error{input}.
void write_file(const std::filesystem::path& path, std::string_view bytes);

}  // namespace pgbelay::base
