#include "runbook/layout.h"

#include "base/file.h"
#include "runbook/flyway.h"
#include "runbook/sections.h"
#include "runbook/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <system_error>

namespace pgbelay::runbook {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kSql = ".sql";
constexpr const char* kPrismaScript = "migration.sql";
constexpr const char* kPrismaLock = "migration_lock.toml";
// Beyond this a directory is not somebody's migrations but a whole disk.
constexpr int kDeepest = 16;

base::Error file_error(std::string message, const fs::path& path) { return input_error(std::move(message), {path.string(), 0, 0}); }

// What lies in a directory, in byte-wise order of names; hidden entries are left out.
struct Listing {
    std::vector<fs::path> files;
    std::vector<fs::path> directories;
};

Listing list(const fs::path& directory) {
    Listing listing;
    try {
        for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
            if (entry.path().filename().native().starts_with('.')) {
                continue;
            }
            if (entry.is_directory()) {
                listing.directories.push_back(entry.path());
            } else {
                listing.files.push_back(entry.path());
            }
        }
    } catch (const fs::filesystem_error& e) {
        throw file_error("the directory cannot be read: " + e.code().message(), directory);
    }
    const auto by_name = [](const fs::path& a, const fs::path& b) { return a.filename().native() < b.filename().native(); };
    std::sort(listing.files.begin(), listing.files.end(), by_name);
    std::sort(listing.directories.begin(), listing.directories.end(), by_name);
    return listing;
}

bool is_sql(const fs::path& path) { return to_lower(path.extension().native()) == kSql; }

std::vector<fs::path> sql_files(const Listing& listing) {
    std::vector<fs::path> files;
    std::copy_if(listing.files.begin(), listing.files.end(), std::back_inserter(files), is_sql);
    return files;
}

// Every SQL file below a directory, however deep.
std::vector<fs::path> sql_files_below(const fs::path& directory, int depth = 0) {
    if (depth > kDeepest) {
        throw file_error("directories are nested too deeply for migrations", directory);
    }
    const Listing listing = list(directory);
    std::vector<fs::path> files = sql_files(listing);
    for (const fs::path& child : listing.directories) {
        const auto below = sql_files_below(child, depth + 1);
        files.insert(files.end(), below.begin(), below.end());
    }
    return files;
}

std::string read_text(const fs::path& path) {
    std::string bytes = base::read_file(path);
    require_utf8(bytes, path.string());
    return bytes;
}

// The name without `.sql`, and without the `.up` before it.
std::string stem_of(const fs::path& path) {
    std::string stem = path.stem().string();
    if (stem.ends_with(".up")) {
        stem.resize(stem.size() - 3);
    }
    return stem;
}

Layout layout_of(const std::string& name, std::string_view bytes) {
    if (has_goose_marker(without_bom(bytes))) {
        return Layout::goose;
    }
    if (has_dbmate_marker(without_bom(bytes))) {
        return Layout::dbmate;
    }
    return parse_flyway_name(name) ? Layout::flyway : Layout::plain;
}

MigrationFile migration_at(const fs::path& path) {
    MigrationFile file;
    file.path = path.string();
    file.name = stem_of(path);
    file.relative = path.filename().string();
    file.bytes = read_text(path);
    file.layout = layout_of(file.relative, file.bytes);
    return file;
}

std::string_view leading_digits(std::string_view name) {
    return name.substr(0, std::min(name.find_first_not_of("0123456789"), name.size()));
}

// ---- one tool's rules for one file -------------------------------------------------------------------------------------

void version_dbmate(MigrationFile& file) {
    file.version = leading_digits(file.relative);
    if (file.version.empty()) {
        throw file_error("dbmate passes over this file: its name does not begin with a number", file.path)
            .hint("name it like 20240131120000_add_users.sql");
    }
}

void version_goose(MigrationFile& file) {
    const std::string_view digits = leading_digits(file.relative);
    const std::size_t significant = std::min(digits.find_first_not_of('0'), digits.size());
    file.version = digits.substr(significant);
    if (file.version.empty() || file.relative[digits.size()] != '_') {
        throw file_error("goose passes over this file: its name does not begin with a number above zero and an underscore", file.path)
            .hint("name it like 00001_add_users.sql");
    }
}

void version_flyway(MigrationFile& file) {
    const fs::path path(file.path);
    const FlywayName name = parse_flyway_name(path.filename().string()).value_or(FlywayName{});
    switch (name.kind) {
        case FlywayKind::versioned: break;
        case FlywayKind::undo:
            throw file_error("an undo migration is run by a rollback, not deployed", path).hint("give the V file, or the directory");
        case FlywayKind::repeatable:
            throw file_error("repeatable Flyway migrations are not supported yet", path)
                .hint("make it a versioned migration, or move it out of the directory and deploy it as a plain file");
        case FlywayKind::baseline:
            throw file_error("baseline migrations of Flyway are not supported", path)
                .hint("deploy the versioned migrations, or use \"pgbelay mark\" for a database that has them");
        case FlywayKind::callback:
            throw file_error("callbacks of Flyway are not supported", path)
                .hint("move it out of the directory; what has to run with every deployment belongs into a runbook");
    }
    file.version = name.version;
    file.description = name.description;
    FlywayScriptConfig config;
    const fs::path config_path = file.path + ".conf";
    if (fs::exists(config_path)) {
        config = parse_flyway_script_config(read_text(config_path), config_path.string());
    }
    file.transaction = config.execute_in_transaction;
    if (config.placeholder_replacement) {
        refuse_flyway_placeholders(file.bytes, file.path);
    }
}

void version_prisma(MigrationFile& file) {
    const fs::path script(file.path);
    const fs::path folder = fs::absolute(script).lexically_normal().parent_path().filename();
    file.layout = Layout::prisma;
    file.version = folder.string();
    file.name = file.version;
    file.relative = (folder / kPrismaScript).generic_string();
    const fs::path down = script.parent_path() / "down.sql";
    if (fs::is_regular_file(down)) {
        file.rollback = RollbackFile{down.string(), read_text(down)};
    }
}

void read_version(MigrationFile& file) {
    switch (file.layout) {
        case Layout::plain: break;
        case Layout::prisma: version_prisma(file); break;
        case Layout::dbmate: version_dbmate(file); break;
        case Layout::goose: version_goose(file); break;
        case Layout::flyway: version_flyway(file); break;
    }
}

// ---- order and uniqueness ----------------------------------------------------------------------------------------------

// Orders by `compare` of versions and refuses two files with one version.
void order_by_version(std::vector<MigrationFile>& files, const std::function<std::strong_ordering(std::string_view, std::string_view)>& compare) {
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

bool holds_rollbacks(const fs::path& directory) { return directory.filename() == "rollbacks" || directory.filename() == "rollback"; }

// In rollbacks/ the bare name of the migration will do, too.
std::vector<std::string> rollback_of_in_folder(const std::string& name) {
    std::vector<std::string> forward = rollback_of(name);
    return forward.empty() ? std::vector<std::string>{name, stem_of(name) + ".up.sql"} : forward;
}

void attach_undo(std::vector<MigrationFile>& files, const fs::path& undo) {
    const std::string version = parse_flyway_name(undo.filename().string()).value_or(FlywayName{}).version;
    const auto forward = std::find_if(files.begin(), files.end(), [&](const auto& file) { return compare_flyway_versions(file.version, version) == 0; });
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

std::string relative_to(const fs::path& path, const fs::path& directory) { return path.lexically_relative(directory).generic_string(); }

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
            throw file_error(fmt::format("SQL files in a directory below ({}): plain migrations lie in one directory", below.front().string()), child)
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
        version_flyway(file);
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
        version_prisma(file);
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

MigrationFile read_migration(const fs::path& path) {
    MigrationFile file = migration_at(path);
    if (is_prisma_script(path)) {
        version_prisma(file);
        return file;
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
