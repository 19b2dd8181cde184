// Recognises in which tool's layout migrations are kept, and finds them in the order in which that tool runs them.
#pragma once

#include "runbook/runbook.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pgbelay::runbook {

// A rollback that is a file of its own.
struct RollbackFile {
    std::string path;
    std::string bytes;
};

// One migration as it lies on disk; dbmate's and goose's files still have both sections in `bytes`.
struct MigrationFile {
    std::string path;          // as given, for people and places
    std::string name;          // for its step: the file's stem, or Prisma's folder
    std::string relative;      // to the directory that was given, '/' separators; the file's name for a single file
    std::string bytes;
    Layout layout = Layout::plain;
    std::string version;       // empty for plain files
    std::string description;   // Flyway's
    bool transaction = true;   // unless a Flyway script configuration says otherwise
    std::optional<RollbackFile> rollback;
};

// All migrations of a directory, in the order of the tool that they are for. docs/layouts.md has each tool's rules. Throws Error{input}
// for an empty directory, mixed layouts, versions that occur twice, rollback files that belong to nothing, and whatever lies
// in the directory and would be passed over although it looks like a migration.
std::vector<MigrationFile> read_directory(const std::filesystem::path& directory);

// A single file of any layout, with the rollback that lies beside it.
MigrationFile read_migration(const std::filesystem::path& path);

// If `name` is named as the rollback of another file: the names which that one can have. `X_rollback.sql`, `X.rollback.sql` and
// `X.down.sql` belong to `X.sql` or `X.up.sql`.
std::vector<std::string> rollback_of(const std::string& name);

}  // namespace pgbelay::runbook
