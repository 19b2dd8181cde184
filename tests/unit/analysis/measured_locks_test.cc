// Locks, rewrites and scans as analysis says them, against what servers of four versions were measured to do.
#include "catalog_builder.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

namespace pgbelay::analysis {
namespace {

using testing::IsEmpty;

std::filesystem::path measurements() {
    return std::filesystem::path(PGBELAY_SOURCE_DIR).parent_path() / "shared" / "locks";
}

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::stringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
}

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::stringstream stream(text);
    for (std::string part; std::getline(stream, part, separator);) {
        parts.push_back(part);
    }
    return parts;
}

const std::map<std::string, LockMode>& modes() {
    static const std::map<std::string, LockMode> all = {{"AS", LockMode::access_share},  {"RS", LockMode::row_share},
                                                        {"RE", LockMode::row_exclusive}, {"SUE", LockMode::share_update_exclusive},
                                                        {"S", LockMode::share},          {"SRE", LockMode::share_row_exclusive},
                                                        {"E", LockMode::exclusive},      {"AE", LockMode::access_exclusive}};
    return all;
}

struct Effect {
    std::map<std::string, std::string> locks;
    std::set<std::string> rewrites;
    std::set<std::string> scans;
};

// `users:AE users_pkey:AE REWRITE[T:users,I:users_pkey] SCAN[users:2000]`
Effect measured(const std::string& cell) {
    Effect effect;
    for (const std::string& word : split(cell, ' ')) {
        const std::size_t open = word.find('[');
        if (open == std::string::npos) {
            const auto parts = split(word, ':');
            if (parts.size() == 2) {
                effect.locks[parts[0]] = parts[1];
            }
            continue;
        }
        const bool rewrite = word.starts_with("REWRITE");
        for (const std::string& item : split(word.substr(open + 1, word.size() - open - 2), ',')) {
            const auto parts = split(item, ':');
            if (rewrite) {
                effect.rewrites.insert(parts.back());
            } else {
                effect.scans.insert(parts.front());
            }
        }
    }
    return effect;
}

Effect analysed(const Facts& facts) {
    // Tables of the setup that hold no rows: reading them leaves no trace in the measurements.
    static const std::set<std::string> empty = {"p2", "ul", "par", "inh"};
    Effect effect;
    for (const RelationLock& lock : facts.locks) {
        for (const auto& [word, mode] : modes()) {
            if (mode == lock.mode) {
                effect.locks[lock.relation.name] = word;
            }
        }
    }
    for (const QualifiedName& name : facts.rewrites) {
        effect.rewrites.insert(name.name);
    }
    for (const QualifiedName& name : facts.scans) {
        if (!empty.contains(name.name)) {
            effect.scans.insert(name.name);
        }
    }
    return effect;
}

std::string differences(const Effect& expected, const Effect& actual) {
    std::string text;
    if (expected.locks != actual.locks) {
        text += fmt::format(" locks: measured {}, said {};", testing::PrintToString(expected.locks), testing::PrintToString(actual.locks));
    }
    if (expected.rewrites != actual.rewrites) {
        text += fmt::format(" rewrites: measured {}, said {};", testing::PrintToString(expected.rewrites),
                            testing::PrintToString(actual.rewrites));
    }
    if (expected.scans != actual.scans) {
        text += fmt::format(" scans: measured {}, said {};", testing::PrintToString(expected.scans), testing::PrintToString(actual.scans));
    }
    return text;
}

bool is_ours(const sql::Statement& statement) {
    return statement.kind == "IndexStmt" || statement.kind == "ReindexStmt" || statement.kind == "AlterTableStmt" ||
           (statement.kind == "DropStmt" && statement.sql.starts_with("DROP INDEX"));
}

// Cases in which analysis says something else on purpose.
const std::map<std::string, std::string>& exceptions() {
    static const std::map<std::string, std::string> all = {
        {"attach_partition_with_check", "whether a check implies the partition's bound is for the server to prove"},
        {"add_fk_on_partitioned", "whether the referenced table is read as a whole depends on the join that the planner picks"},
        {"validate_fk", "whether the referenced table is read as a whole depends on the join that the planner picks"},
    };
    return all;
}

catalog::Catalog measured_catalog(int major) {
    catalog::Catalog catalog = catalog_of(contents(measurements() / "setup.sql"), major);
    catalog.time_zone = "UTC";  // the setup's
    catalog.bootstrap_role = catalog.role;
    change_each(catalog.relations, [](catalog::Relation& relation) { relation.access_method = relation.kind == 'r' ? "heap" : ""; });
    return catalog;
}

class MeasuredLocks : public testing::TestWithParam<int> {};

TEST_P(MeasuredLocks, AreWhatAnalysisSays) {
    if (!std::filesystem::exists(measurements() / "truth.tsv")) {
        GTEST_SKIP() << "no measurements beside this checkout: ../shared/locks";
    }
    const int major = GetParam();
    const std::map<int, std::size_t> columns = {{12, 2}, {14, 3}, {16, 4}, {17, 5}, {18, 6}};
    const catalog::Catalog catalog = measured_catalog(major);
    const Context context{.base = catalog, .now = catalog, .rewrite = false};
    std::vector<std::string> wrong;
    int compared = 0;
    for (const std::string& line : split(contents(measurements() / "truth.tsv"), '\n')) {
        const auto cells = split(line, '\t');
        if (cells.size() < 7) {
            continue;
        }
        const std::string& cell = cells[columns.at(major)];
        if (cell.starts_with("ERR") || cell.starts_with("(autocommit)") || exceptions().contains(cells[0])) {
            continue;
        }
        const auto statements = sql::read_script(cells[1], "case.sql", {}).statements;
        if (statements.size() != 1 || !is_ours(statements[0])) {
            continue;
        }
        ++compared;
        const std::string difference = differences(measured(cell), analysed(analyze(statements[0], context).facts));
        if (!difference.empty()) {
            wrong.push_back(cells[0] + ":" + difference);
        }
    }
    EXPECT_GT(compared, 60);
    EXPECT_THAT(wrong, IsEmpty()) << fmt::format("{}", fmt::join(wrong, "\n"));
}

// Of the other kinds only locks and rewrites: what a query reads from end to end is the planner's choice. Where a statement only reads, the
// measurements say nothing.
Effect without_reads(Effect effect) {
    effect.scans.clear();
    std::erase_if(effect.locks, [](const auto& lock) { return lock.second == "AS"; });
    return effect;
}

TEST_P(MeasuredLocks, OfAllOtherKindsAreWhatAnalysisSays) {
    if (!std::filesystem::exists(measurements() / "truth.tsv"))
        GTEST_SKIP() << "no measurements beside this checkout: ../shared/locks";
    const int major = GetParam();
    const std::map<int, std::size_t> columns = {{12, 2}, {14, 3}, {16, 4}, {17, 5}, {18, 6}};
    // What a block puts together itself cannot be read in its text.
    const std::set<std::string> beyond_text = {"do_block_ddl"};
    const catalog::Catalog catalog = measured_catalog(major);
    const Context context{.base = catalog, .now = catalog, .rewrite = false};
    std::vector<std::string> wrong;
    int compared = 0;
    for (const std::string& line : split(contents(measurements() / "truth.tsv"), '\n')) {
        auto cells = split(line, '\t');
        cells.resize(7);
        const std::string& cell = cells[columns.at(major)];
        if (cells[0] == "case" || cell.starts_with("ERR") || cell.starts_with("(autocommit)") || beyond_text.contains(cells[0]))
            continue;
        const auto statements = sql::read_script(cells[1], "case.sql", {}).statements;
        if (statements.size() != 1 || is_ours(statements[0]))
            continue;
        ++compared;
        const std::string difference =
            differences(without_reads(measured(cell)), without_reads(analysed(analyze(statements[0], context).facts)));
        if (!difference.empty())
            wrong.push_back(cells[0] + ":" + difference);
    }
    EXPECT_GT(compared, 60);
    EXPECT_THAT(wrong, IsEmpty()) << fmt::format("{}", fmt::join(wrong, "\n"));
}

// The statements of a case, one after the other, as one transaction where they say so or as what each of them does together.
struct Outcome {
    Effect effect;
    std::set<std::string> failures;  // SQLSTATEs
};

Outcome outcome(const std::string& sql, const catalog::Catalog& before) {
    Outcome all;
    catalog::Catalog now = before;
    bool in_group = false;
    for (const auto& statement : sql::read_script(sql, "case.sql", {}).statements) {
        if (statement.kind == "TransactionStmt") {
            in_group = true;
            continue;
        }
        const Facts facts = analyze(statement, {.base = before, .now = now, .in_group = in_group, .rewrite = false}).facts;
        if (facts.fails) {
            all.failures.insert(facts.fails->sqlstate);
        }
        Effect effect = analysed(facts);
        for (const auto& [relation, mode] : effect.locks) {
            auto& strongest = all.effect.locks[relation];
            const bool stronger = strongest.empty() || modes().at(mode) > modes().at(strongest);
            strongest = stronger ? mode : strongest;
        }
        all.effect.rewrites.merge(effect.rewrites);
        catalog::apply(statement, now);
    }
    // What the case itself makes is not in the measurements.
    std::erase_if(all.effect.locks, [&](const auto& lock) {
        return before.find({"public", lock.first}) == nullptr && before.find({"app", lock.first}) == nullptr;
    });
    return all;
}

// Every row and version: locks above ACCESS SHARE and what is written anew, or the error. Locks that a failing statement took first, and
// those of statements outside of transactions, were not measured.
TEST_P(MeasuredLocks, AndFailuresAreRightOfEveryCase) {
    if (!std::filesystem::exists(measurements() / "truth.tsv")) {
        GTEST_SKIP() << "no measurements beside this checkout: ../shared/locks";
    }
    const int major = GetParam();
    const std::map<int, std::size_t> columns = {{12, 2}, {14, 3}, {16, 4}, {17, 5}, {18, 6}};
    const catalog::Catalog catalog = measured_catalog(major);
    std::vector<std::string> wrong;
    int compared = 0;
    for (const std::string& line : split(contents(measurements() / "truth.tsv"), '\n')) {
        auto cells = split(line, '\t');
        if (cells.size() < 2 || cells[0] == "case") {
            continue;
        }
        cells.resize(7);
        const std::string& cell = cells[columns.at(major)];
        ++compared;
        const Outcome said = outcome(cells[1], catalog);
        if (cell.starts_with("ERR")) {
            if (!said.failures.contains(cell.substr(4, 5))) {
                wrong.push_back(fmt::format("{}: measured {}, said {}", cells[0], cell, testing::PrintToString(said.failures)));
            }
            continue;
        }
        if (!said.failures.empty()) {
            wrong.push_back(fmt::format("{}: said to fail with {}, and did not", cells[0], testing::PrintToString(said.failures)));
        }
        if (cell.starts_with("(autocommit)")) {
            continue;
        }
        const std::string difference = differences(without_reads(measured(cell)), without_reads(said.effect));
        if (!difference.empty()) {
            wrong.push_back(cells[0] + ":" + difference);
        }
    }
    EXPECT_EQ(compared, 195);
    EXPECT_THAT(wrong, IsEmpty()) << fmt::format("{}", fmt::join(wrong, "\n"));
}

INSTANTIATE_TEST_SUITE_P(Versions, MeasuredLocks, testing::Values(12, 14, 16, 17, 18));

}  // namespace
}  // namespace pgbelay::analysis
