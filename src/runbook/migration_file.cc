#include "runbook/migration_file.h"

#include "base/file.h"
#include "runbook/flyway.h"
#include "runbook/listing.h"
#include "runbook/sections.h"
#include "runbook/text.h"

#include <algorithm>

namespace pgbelay::runbook {
namespace fs = std::filesystem;
namespace {

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
    file.version = folder.string();
    file.name = file.version;
    file.relative = (folder / kPrismaScript).generic_string();
    const fs::path down = script.parent_path() / "down.sql";
    if (fs::is_regular_file(down)) {
        file.rollback = RollbackFile{down.string(), read_text(down)};
    }
}

}  // namespace

std::string read_text(const fs::path& path, const base::StopSignal* stop) {
    if (!fs::exists(path)) {
        throw file_error("a link that points to nothing", path);
    }
    std::string bytes = base::read_file(path, stop);
    require_utf8(bytes, path.string());
    return bytes;
}

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

MigrationFile migration_at(const fs::path& path, const base::StopSignal* stop) {
    MigrationFile file;
    file.path = path.string();
    file.name = stem_of(path);
    file.relative = path.filename().string();
    file.bytes = read_text(path, stop);
    file.layout = layout_of(file.relative, file.bytes);
    return file;
}

std::string_view leading_digits(std::string_view name) {
    return name.substr(0, std::min(name.find_first_not_of("0123456789"), name.size()));
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

}  // namespace pgbelay::runbook
