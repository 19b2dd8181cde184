#include "runbook/runbook.h"

#include "base/file.h"
#include "runbook/blockers.h"
#include "runbook/front_matter.h"
#include "runbook/items.h"
#include "runbook/layout.h"
#include "runbook/markdown.h"
#include "runbook/stream.h"
#include "runbook/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <utility>

namespace pgbelay::runbook {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kStdin = "<stdin>";

enum class PathKind { standard_input, directory, markdown, sql };

PathKind kind_of(const std::string& path) {
    if (path == "-") {
        return PathKind::standard_input;
    }
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (status.type() == fs::file_type::not_found) {
        throw input_error("no such file or directory", {path, 0, 0});
    }
    if (fs::is_directory(status)) {
        return PathKind::directory;
    }
    const std::string extension = to_lower(fs::path(path).extension().native());
    if (extension == ".md" || extension == ".markdown") {
        return PathKind::markdown;
    }
    // No extension: /dev/fd/63 and the like.
    static constexpr std::array<std::string_view, 5> kSqlExtensions = {"", ".sql", ".psql", ".pgsql", ".ddl"};
    if (std::find(kSqlExtensions.begin(), kSqlExtensions.end(), extension) == kSqlExtensions.end()) {
        throw input_error(fmt::format("files named *{} are not read", extension), {path, 0, 0})
            .hint("give an .sql file, a directory of migrations, a Markdown runbook (.md), or - for standard input");
    }
    return PathKind::sql;
}

// The last part of the path as the file system has it, also for `.`, `..` and a final slash.
fs::path own_name(const std::string& path) {
    const fs::path normal = fs::absolute(path).lexically_normal();
    return normal.has_filename() ? normal.filename() : normal.parent_path().filename();
}

// The folder that `relative` is in, by its own name: a file has the same key whether it or its folder was given.
fs::path folder_of(const std::string& path, const std::string& relative) {
    fs::path folder = fs::absolute(path).lexically_normal();
    for ([[maybe_unused]] const auto& part : fs::path(relative)) {
        folder = folder.parent_path();
    }
    return folder.filename();
}

// Grows the runbook path by path.
class Reader {
public:
    explicit Reader(const ReadOptions& options) : options_(options) {}

    void add(const std::string& path) {
        switch (kind_of(path)) {
            case PathKind::standard_input: return add_stdin();
            case PathKind::directory: return add_directory(path);
            case PathKind::markdown: return add_markdown(path);
            case PathKind::sql: return add_file(path);
        }
    }

    Runbook finish(const std::string& first_path) {
        if (runbook_.name.empty()) {
            runbook_.name = first_path == "-" ? std::string(kStdin) : own_name(first_path).stem().string();
        }
        refuse_equal_keys();
        make_names_unique();
        override_limits(runbook_.limits, options_.limits);
        refuse_pause_on_time(runbook_.limits.guard, runbook_.on_breach);
        runbook_.digest = digest_of(runbook_);
        // Whoever sits at the deployment decides about the sessions of the moment: no other deployment for it.
        if (!options_.blockers.empty()) {
            runbook_.blockers = read_blockers(options_.blockers, {"--blockers", 0, 0});
        }
        return std::move(runbook_);
    }

private:
    void add_migration(const MigrationFile& migration, std::string key) {
        SqlItem sql = sql_item(migration, options_);
        runbook_.files.push_back(ledger_file(migration, sql, std::move(key)));
        Item item{.name = migration.name, .place = {migration.path, 1, 1}, .file = static_cast<int>(runbook_.files.size()) - 1};
        item.what = std::move(sql);
        runbook_.items.push_back(std::move(item));
    }

    // Two texts that came through the same pipe are not versions of one file: the content is part of the name.
    void add_piped(const MigrationFile& migration) {
        add_migration(migration, std::string(kStdin));
        File& file = runbook_.files.back();
        file.key = fmt::format("{}:{}", kStdin, file.digest.substr(0, 12));
    }

    void add_stdin() {
        MigrationFile migration;
        migration.path = kStdin;
        migration.name = "stdin";
        migration.bytes = base::read_file("-", options_.stop);
        require_utf8(migration.bytes, migration.path);
        add_piped(migration);
    }

    void add_directory(const std::string& path) {
        runbook_.from_directory = true;
        const fs::path name = own_name(path);
        for (const MigrationFile& migration : read_directory(path)) {
            add_migration(migration, (name / migration.relative).generic_string());
        }
    }

    void add_file(const std::string& path) {
        const MigrationFile migration = read_migration(path, options_.stop);
        if (fs::is_regular_file(path)) {
            add_migration(migration, (folder_of(path, migration.relative) / migration.relative).generic_string());
        } else {
            add_piped(migration);  // such as /dev/fd/63
        }
    }

    void add_markdown(const std::string& path) {
        if (!markdown_.empty()) {
            throw input_error(fmt::format("a second runbook; the first is {}", markdown_), {path, 0, 0})
                .hint("deploy one runbook at a time");
        }
        markdown_ = path;
        Runbook read = read_markdown(base::read_file(path, options_.stop), path, own_name(path).string(), options_);
        const int offset = static_cast<int>(runbook_.files.size());
        for (Item& item : read.items) {
            item.file += offset;
        }
        std::move(read.items.begin(), read.items.end(), std::back_inserter(runbook_.items));
        std::move(read.files.begin(), read.files.end(), std::back_inserter(runbook_.files));
        runbook_.name = std::move(read.name);
        runbook_.targets = std::move(read.targets);
        runbook_.replicas = std::move(read.replicas);
        runbook_.limits = read.limits;
        runbook_.on_breach = read.on_breach;
        runbook_.blockers = read.blockers;
        runbook_.requirements = std::move(read.requirements);
        runbook_.windows = std::move(read.windows);
        runbook_.notifications = std::move(read.notifications);
        runbook_.documentation = std::move(read.documentation);
        runbook_.fences = read.fences;
        runbook_.document = std::move(read.document);
    }

    // The ledger would take the second for a changed first.
    void refuse_equal_keys() const {
        std::map<std::string, std::string> paths;
        for (const File& file : runbook_.files) {
            const auto [first, added] = paths.emplace(file.key, file.path);
            if (!added) {
                throw input_error(fmt::format("the journal could not tell this from {}: both are called {}", first->second, file.key),
                                  {file.path, 0, 0})
                    .hint("give each file once; give directories instead of files of the same name");
            }
        }
    }

    void make_names_unique() {
        std::map<std::string, int> uses;
        for (Item& item : runbook_.items) {
            const std::string stem = item.name;
            while (uses[item.name]++ > 0) {
                item.name = fmt::format("{}-{}", stem, uses[stem]);
            }
        }
    }

    const ReadOptions& options_;
    std::string markdown_;
    Runbook runbook_;
};

}  // namespace

std::string_view to_string(Layout layout) {
    switch (layout) {
        case Layout::plain: return "plain";
        case Layout::prisma: return "prisma";
        case Layout::dbmate: return "dbmate";
        case Layout::goose: return "goose";
        case Layout::flyway: return "flyway";
    }
    return "plain";
}

std::optional<std::string> process_environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

void refuse_rollbacks(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
        for (const std::string& name : rollback_of(fs::path(path).filename().string())) {
            const fs::path forward = fs::path(path).parent_path() / name;
            const auto given = std::find_if(paths.begin(), paths.end(), [&](const auto& other) {
                return fs::path(other).lexically_normal() == forward.lexically_normal();
            });
            if (given != paths.end()) {
                throw input_error(fmt::format("this is the rollback of {}, which is given, too", *given), {path, 0, 0})
                    .hint("leave it out: it is found by its name; or give the directory");
            }
        }
    }
}

Runbook read(const std::vector<std::string>& paths, const ReadOptions& options) {
    if (paths.empty()) {
        throw base::Error(base::ErrorCode::usage, "nothing to read").hint("give an .sql file, a directory, a Markdown runbook, or -");
    }
    refuse_rollbacks(paths);
    Reader reader(options);
    for (const std::string& path : paths) {
        reader.add(path);
    }
    return reader.finish(paths.front());
}

}  // namespace pgbelay::runbook
