#include "base/error.h"
#include "cluster/cluster.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <sstream>
#include <string_view>

namespace pgbelay::cluster {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorCode;

namespace {

constexpr std::string_view kVariable = "PGBELAY_PG_BIN_";
constexpr std::string_view kDebianRoot = "/usr/lib/postgresql";

bool is_executable(const fs::path& file) {
    std::error_code failure;
    return fs::is_regular_file(file, failure) && access(file.c_str(), X_OK) == 0;
}

bool has_server(const fs::path& directory) {
    return is_executable(directory / "postgres") && is_executable(directory / "initdb");
}

bool is_major(const std::string& text) {
    return !text.empty() && text.size() <= 3 && text.find_first_not_of("0123456789") == std::string::npos;
}

// What the environment names, by major version. A folder named there must have a server: a test that silently took
// another one would prove nothing.
std::map<int, fs::path> from_environment() {
    std::map<int, fs::path> found;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const auto equals = text.find('=');
        if (!text.starts_with(kVariable) || equals == std::string_view::npos || equals + 1 == text.size()) {
            continue;
        }
        const std::string major(text.substr(kVariable.size(), equals - kVariable.size()));
        if (!is_major(major)) {
            continue;
        }
        const fs::path directory(text.substr(equals + 1));
        if (!has_server(directory)) {
            throw Error(ErrorCode::input,
                        fmt::format("{}{} names {}, which has no postgres and initdb", kVariable, major, directory.string()))
                .hint("set it to a server's bin directory, or unset it");
        }
        found[std::stoi(major)] = directory;
    }
    return found;
}

std::map<int, fs::path> from_debian() {
    std::map<int, fs::path> found;
    std::error_code failure;
    for (fs::directory_iterator entry(kDebianRoot, failure), end; !failure && entry != end; entry.increment(failure)) {
        const std::string major = entry->path().filename().string();
        if (is_major(major) && has_server(entry->path() / "bin")) {
            found[std::stoi(major)] = entry->path() / "bin";
        }
    }
    return found;
}

// "postgres (PostgreSQL) 15.20 (Debian …)" → 15.
std::optional<int> major_of(const fs::path& postgres) {
    const auto answer = base::run_command({.argv = {postgres.string(), "--version"}}, base::in(std::chrono::seconds(10)), nullptr);
    const auto at = answer.out.find("(PostgreSQL) ");
    if (answer.status != 0 || at == std::string::npos) {
        return std::nullopt;
    }
    const int major = std::atoi(answer.out.c_str() + at + std::string_view("(PostgreSQL) ").size());
    return major > 0 ? std::optional(major) : std::nullopt;
}

std::map<int, fs::path> from_path() {
    std::map<int, fs::path> found;
    const char* path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (folder.empty() || !has_server(folder)) {
            continue;
        }
        if (const auto major = major_of(fs::path(folder) / "postgres")) {
            found.emplace(*major, folder);
        }
    }
    return found;
}

}  // namespace

fs::path server_binaries(const std::string& wanted) {
    if (!wanted.empty() && !is_major(wanted)) {
        throw Error(ErrorCode::input, fmt::format("\"{}\" is not a major version of PostgreSQL", wanted)).hint("write it like 15");
    }
    // The first of the three that has a version wins it.
    std::map<int, fs::path> found = from_environment();
    found.merge(from_debian());
    if (wanted.empty() ? found.empty() : !found.contains(std::stoi(wanted))) {
        found.merge(from_path());
    }
    if (wanted.empty() && !found.empty()) {
        return found.rbegin()->second;
    }
    if (!wanted.empty()) {
        if (const auto entry = found.find(std::stoi(wanted)); entry != found.end()) {
            return entry->second;
        }
    }
    const std::string name = wanted.empty() ? "PostgreSQL" : "PostgreSQL " + wanted;
    const std::string package = wanted.empty() ? "postgresql" : "postgresql-" + wanted;
    throw Error(ErrorCode::input, fmt::format("no server binaries of {} were found", name))
        .hint(fmt::format("install the package {}, or set {}{} to a directory with postgres and initdb", package, kVariable,
                          wanted.empty() ? "15" : wanted));
}

}  // namespace pgbelay::cluster
