// One migration file: which tool it is for, and what that tool reads from its name and from what lies beside it.
#pragma once

#include "runbook/runbook.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace pgbelay::runbook {

// A rollback that is a file of its own.
struct RollbackFile {
    std::string path;
    std::string bytes;
};

// One migration as it lies on disk; dbmate's and goose's files still have both sections in `bytes`.
struct MigrationFile {
    std::string path;      // as given, for people and places
    std::string name;      // for its step: the file's stem, or Prisma's folder
    std::string relative;  // to the directory that was given, '/' separators; the file's name for a single file
    std::string bytes;
    Layout layout = Layout::plain;
    std::string version;      // empty for plain files
    std::string description;  // Flyway's
    bool transaction = true;  // unless a Flyway script configuration says otherwise
    std::optional<RollbackFile> rollback;
};

// The bytes of a text file. Throws Error{input} when it cannot be read or is not UTF-8.
std::string read_text(const std::filesystem::path& path, const base::StopSignal* stop = nullptr);

// By markers in the text and by the name; never prisma, whose files show by their folder only.
Layout layout_of(const std::string& name, std::string_view bytes);

// Reads the file; version and description are still empty.
MigrationFile migration_at(const std::filesystem::path& path, const base::StopSignal* stop = nullptr);

// Fills what the layout of `file` puts into names, configurations and, for Prisma, down.sql. Throws Error{input} for names and settings
// that the tool would pass over or that are not supported.
void read_version(MigrationFile& file);

// The name without `.sql`, and without the `.up` before it.
std::string stem_of(const std::filesystem::path& path);
std::string_view leading_digits(std::string_view name);

inline constexpr const char* kPrismaScript = "migration.sql";

}  // namespace pgbelay::runbook
