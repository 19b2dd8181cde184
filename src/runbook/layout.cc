#include "runbook/layout.h"

#include "runbook/flyway.h"
#include "runbook/listing.h"
#include "runbook/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>

namespace pgbelay::runbook {
namespace fs = std::filesystem;
namespace {

constexpr const char* kPrismaLock = "migration_lock.toml";

// ---- order and uniqueness ----------------------------------------------------------------------------------------------

// Orders by `compare` of versions and refuses two files with one version.
void order_by_version(std::vector<MigrationFile>& files,
                      const std::function<std::strong_ordering(std::string_view, std::string_view)>& compare) {
    std::stable_sort(files.begin(), files.end(), [&](const auto& a, const auto& b) { return compare(a.version, b.version) < 0; });
    const auto twice =
        std::adjacent_find(files.begin(), files.end(), [&](const auto& a, const auto& b) { return compare(a.version, b.version) == 0; });
    if (twice != files.end()) {
        throw file_error(fmt::format("version {} occurs twice: {} has it too", twice->version, twice->relative), std::next(twice)->path)
            .hint("give one of them a version of its own");
    }
}

// dbmate orders by file name, and knows files only by their version.
void order_dbmate(std::vector<MigrationFile>& files) {
    const auto by_bytes = [](std::string_view a, std::string_view b) { return a <=> b; };
    order_by_version(files, by_bytes);
    std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.relative < b.relative; });
}

// ---- rollbacks in files of their own -----------------------------------------------------------------------------------

void attach_rollback(std::vector<MigrationFile>& files, const fs::path& rollback, const std::vector<std::string>& forward_names) {
    const auto forward = std::find_if(files.begin(), files.end(), [&](const auto& file) {
        return std::find(forward_names.begin(), forward_names.end(), file.relative) != forward_names.end();
    });
    if (forward == files.end()) {
        throw file_error(fmt::format("this is named as the rollback of {}, which is not there", forward_names.front()), rollback)
            .hint("rename it if it is a migration");
    }
    if (forward->rollback) {
        throw file_error(fmt::format("a second rollback of {}; the first is {}", forward->relative, forward->rollback->path), rollback)
            .hint("keep one of them");
    }
    forward->rollback = RollbackFile{rollback.string(), read_text(rollback)};
}

bool holds_rollbacks(const fs::path& directory) {
    return directory.filename() == "rollbacks" || directory.filename() == "rollback";
}

// In rollbacks/ the bare name of the migration will do, too.
std::vector<std::string> rollback_of_in_folder(const std::string& name) {
    std::vector<std::string> forward = rollback_of(name);
    return forward.empty() ? std::vector<std::string>{name, stem_of(name) + ".up.sql"} : forward;
}

void attach_undo(std::vector<MigrationFile>& files, const fs::path& undo) {
    const std::string version = parse_flyway_name(undo.filename().string()).value_or(FlywayName{}).version;
    const auto forward =
        std::find_if(files.begin(), files.end(), [&](const auto& file) { return compare_flyway_versions(file.version, version) == 0; });
    if (forward == files.end()) {
        throw file_error(fmt::format("an undo migration of version {}, which is not there", version), undo);
    }
    if (forward->rollback) {
        throw file_error(fmt::format("a second undo migration of version {}; the first is {}", version, forward->rollback->path), undo);
    }
    forward->rollback = RollbackFile{undo.string(), read_text(undo)};
}

bool is_undo(const fs::path& path) {
    const auto name = parse_flyway_name(path.filename().string());
    return name && name->kind == FlywayKind::undo;
}

// ---- directories -------------------------------------------------------------------------------------------------------

std::string relative_to(const fs::path& path, const fs::path& directory) {
    return path.lexically_relative(directory).generic_string();
}

std::vector<MigrationFile> read_plain(const Listing& listing) {
    std::vector<MigrationFile> files;
    for (const fs::path& path : sql_files(listing)) {
        if (rollback_of(path.filename().string()).empty()) {
            files.push_back(migration_at(path));
        }
    }
    for (const fs::path& path : sql_files(listing)) {
        if (const auto forward = rollback_of(path.filename().string()); !forward.empty()) {
            attach_rollback(files, path, forward);
        }
    }
    for (const fs::path& child : listing.directories) {
        const std::vector<fs::path> below = sql_files_below(child);
        if (!below.empty() && !holds_rollbacks(child)) {
            throw file_error(
                fmt::format("SQL files in a directory below ({}): plain migrations lie in one directory", below.front().string()), child)
                .hint("give that directory as a PATH of its own, or move the files up");
        }
        for (const fs::path& path : below) {
            attach_rollback(files, path, rollback_of_in_folder(path.filename().string()));
        }
    }
    return files;
}

std::vector<MigrationFile> read_flyway(const fs::path& directory) {
    std::vector<MigrationFile> files;
    std::vector<fs::path> undos;
    for (const fs::path& path : sql_files_below(directory)) {
        if (is_undo(path)) {
            undos.push_back(path);
            continue;
        }
        MigrationFile file = migration_at(path);
        if (file.layout != Layout::flyway) {
            throw file_error("this is not named as a Flyway migration, as others in this directory are", path)
                .hint("name it like V2__add_users.sql, or move it elsewhere");
        }
        read_version(file);
        file.relative = relative_to(path, directory);
        files.push_back(std::move(file));
    }
    order_by_version(files, compare_flyway_versions);
    for (const fs::path& undo : undos) {
        attach_undo(files, undo);
    }
    return files;
}

std::vector<MigrationFile> read_prisma(const fs::path& directory, const Listing& listing) {
    if (const std::vector<fs::path> beside = sql_files(listing); !beside.empty()) {
        throw file_error("an SQL file beside Prisma's migration folders: Prisma would pass it over", beside.front())
            .hint("put it into a folder of its own as migration.sql, or move it elsewhere");
    }
    std::vector<MigrationFile> files;
    for (const fs::path& folder : listing.directories) {
        const fs::path script = folder / kPrismaScript;
        if (!fs::is_regular_file(script)) {
            throw file_error("a folder without migration.sql among Prisma's migrations", folder)
                .hint("restore the file, or move the folder elsewhere");
        }
        MigrationFile file = migration_at(script);
        file.layout = Layout::prisma;
        read_version(file);
        file.relative = relative_to(script, directory);
        files.push_back(std::move(file));
    }
    return files;
}

void refuse_go_migrations(const Listing& listing) {
    for (const fs::path& path : listing.files) {
        const std::string name = path.filename().string();
        if (path.extension() == ".go" && !leading_digits(name).empty() && !name.ends_with("_test.go")) {
            throw file_error("goose's migrations in Go cannot be run by pgbelay", path).hint("write it in SQL");
        }
    }
}

std::vector<MigrationFile> read_sections_layout(Layout layout, const Listing& listing) {
    std::vector<MigrationFile> files;
    for (const fs::path& path : sql_files(listing)) {
        files.push_back(migration_at(path));
        read_version(files.back());
    }
    if (layout == Layout::dbmate) {
        order_dbmate(files);
        return files;
    }
    refuse_go_migrations(listing);
    order_by_version(files, compare_flyway_versions);  // whole numbers are versions of one part
    return files;
}

// The one layout of the SQL files at the top; throws when there are several.
Layout common_layout(const std::vector<fs::path>& paths) {
    std::map<Layout, fs::path> first;
    for (const fs::path& path : paths) {
        first.emplace(layout_of(path.filename().string(), read_text(path)), path);
    }
    if (first.size() == 1) {
        return first.begin()->first;
    }
    std::vector<std::string> found;
    for (const auto& [layout, path] : first) {
        found.push_back(fmt::format("{} ({})", path.filename().string(), to_string(layout)));
    }
    throw file_error(fmt::format("layouts of several tools in one directory: {}", fmt::join(found, ", ")), paths.front().parent_path())
        .hint("keep the migrations of one tool in a directory of their own");
}

bool is_prisma(const Listing& listing) {
    const auto has_script = [](const fs::path& folder) { return fs::is_regular_file(folder / kPrismaScript); };
    const auto is_lock = [](const fs::path& file) { return file.filename() == kPrismaLock; };
    return std::any_of(listing.directories.begin(), listing.directories.end(), has_script) ||
           std::any_of(listing.files.begin(), listing.files.end(), is_lock);
}

// A directory without SQL files at its top: Flyway looks into the directories below, nobody else does.
std::vector<MigrationFile> read_nested(const fs::path& directory, const Listing& listing) {
    const std::vector<fs::path> below = sql_files_below(directory);
    const auto named_for_flyway = [](const fs::path& path) { return parse_flyway_name(path.filename().string()).has_value(); };
    if (!below.empty() && std::all_of(below.begin(), below.end(), named_for_flyway)) {
        return read_flyway(directory);
    }
    if (!below.empty()) {
        throw file_error(fmt::format("SQL files only in directories below, such as {}", below.front().string()), directory)
            .hint("give the directory that has the migrations");
    }
    base::Error error = file_error("no SQL files in this directory", directory);
    for (const fs::path& path : listing.files) {
        if (to_lower(path.extension().native()) == ".md") {
            error.hint(fmt::format("to run the runbook give the file: {}", path.string()));
        }
    }
    throw error;
}

std::optional<RollbackFile> rollback_beside(const fs::path& path) {
    const std::string stem = stem_of(path);
    const fs::path directory = path.parent_path();
    std::vector<fs::path> candidates;
    for (const char* suffix : {"_rollback.sql", ".rollback.sql", ".down.sql"}) {
        candidates.push_back(directory / (stem + suffix));
    }
    for (const char* folder : {"rollbacks", "rollback"}) {
        candidates.push_back(directory / folder / (stem + "_rollback.sql"));
        candidates.push_back(directory / folder / (stem + ".sql"));
    }
    std::optional<RollbackFile> found;
    for (const fs::path& candidate : candidates) {
        if (!fs::is_regular_file(candidate)) {
            continue;
        }
        if (found) {
            throw file_error(fmt::format("a second rollback of {}; the first is {}", path.string(), found->path), candidate)
                .hint("keep one of them");
        }
        found = RollbackFile{candidate.string(), read_text(candidate)};
    }
    return found;
}

bool is_prisma_script(const fs::path& path) {
    const fs::path folder = fs::absolute(path).lexically_normal().parent_path();
    return path.filename() == kPrismaScript &&
           (fs::exists(folder.parent_path() / kPrismaLock) || !leading_digits(folder.filename().native()).empty());
}

}  // namespace

std::vector<std::string> rollback_of(const std::string& name) {
    for (const std::string_view suffix : {"_rollback.sql", ".rollback.sql", ".down.sql"}) {
        if (name.size() > suffix.size() && name.ends_with(suffix)) {
            const std::string stem = name.substr(0, name.size() - suffix.size());
            return {stem + ".sql", stem + ".up.sql"};
        }
    }
    return {};
}

std::vector<MigrationFile> read_directory(const fs::path& directory) {
    const Listing listing = list(directory);
    if (is_prisma(listing)) {
        std::vector<MigrationFile> files = read_prisma(directory, listing);
        if (files.empty()) {
            throw file_error("no migrations in this directory", directory);
        }
        return files;
    }
    const std::vector<fs::path> paths = sql_files(listing);
    if (paths.empty()) {
        return read_nested(directory, listing);
    }
    const Layout layout = common_layout(paths);
    switch (layout) {
        case Layout::flyway: return read_flyway(directory);
        case Layout::dbmate:
        case Layout::goose: return read_sections_layout(layout, listing);
        default: return read_plain(listing);
    }
}

MigrationFile read_migration(const fs::path& path, const base::StopSignal* stop) {
    MigrationFile file = migration_at(path, stop);
    if (is_prisma_script(path)) {
        file.layout = Layout::prisma;
    }
    read_version(file);
    if (file.layout == Layout::plain) {
        file.rollback = rollback_beside(path);
    }
    if (file.layout == Layout::flyway) {
        std::vector<MigrationFile> one{std::move(file)};
        for (const fs::path& candidate : list(path.has_parent_path() ? path.parent_path() : ".").files) {
            const auto name = parse_flyway_name(candidate.filename().string());
            if (is_undo(candidate) && compare_flyway_versions(name->version, one.front().version) == 0) {
                attach_undo(one, candidate);
            }
        }
        return std::move(one.front());
    }
    return file;
}

}  // namespace pgbelay::runbook
