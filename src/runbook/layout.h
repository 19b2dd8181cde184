// Recognises in which tool's layout migrations are kept, and finds them in the order in which that tool runs them.
#pragma once

#include "runbook/migration_file.h"

#include <filesystem>
#include <string>
#include <vector>

namespace pgbelay::runbook {

// All migrations of a directory, in the order of the tool that they are for. docs/layouts.md has each tool's rules. Throws Error{input}
// for an empty directory, mixed layouts, versions that occur twice, rollback files that belong to nothing, and whatever lies
// in the directory and would be passed over although it looks like a migration.
std::vector<MigrationFile> read_directory(const std::filesystem::path& directory);

// A single file of any layout, with the rollback that lies beside it.
MigrationFile read_migration(const std::filesystem::path& path, const base::StopSignal* stop = nullptr);

// If `name` is named as the rollback of another file: the names which that one can have. `X_rollback.sql`, `X.rollback.sql` and
// `X.down.sql` belong to `X.sql` or `X.up.sql`.
std::vector<std::string> rollback_of(const std::string& name);

}  // namespace pgbelay::runbook
