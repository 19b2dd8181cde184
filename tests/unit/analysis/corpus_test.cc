// Locks and rewrites as analysis says them, against what a server really did for six projects' whole migration chains.
#include "catalog_builder.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace pgbelay::analysis {
namespace {

std::filesystem::path corpus() {
    return std::filesystem::path(PGBELAY_SOURCE_DIR).parent_path() / "shared" / "corpus";
}

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path);
    std::stringstream bytes;
    bytes << file.rdbuf();
    return bytes.str();
}

// Indexes and sequences follow their tables, and which of them a statement opens in passing depends on the planner: only relations that a
// program names are compared.
bool is_compared(char kind) {
    return kind == 'r' || kind == 'p' || kind == 'v' || kind == 'm';
}

using Locks = std::map<std::string, std::string>;

struct Effect {
    Locks locks;
    std::set<std::string> rewrites;
    bool operator==(const Effect&) const = default;
};

// "public.users/r*" without its mark for a relation of the same file.
std::pair<std::string, char> relation_of(std::string text) {
    if (text.ends_with('*'))
        text.pop_back();
    const auto slash = text.rfind('/');
    return {text.substr(0, slash), text.at(slash + 1)};
}

Effect measured(const nlohmann::json& line) {
    Effect effect;
    for (const auto& [relation, held] : line.at("locks").items()) {
        const auto [name, kind] = relation_of(relation);
        if (!is_compared(kind))
            continue;
        LockMode strongest = LockMode::access_share;
        for (const auto& mode : held) {
            strongest = std::max(strongest, catalog::lock_mode(mode.get<std::string>() + "Lock").value());
        }
        effect.locks[name] = catalog::pg_name(strongest);
    }
    for (const auto& relation : line.at("rewritten")) {
        const auto [name, kind] = relation_of(relation.get<std::string>());
        if (is_compared(kind))
            effect.rewrites.insert(name);
    }
    return effect;
}

Effect analysed(const Facts& facts, const catalog::Catalog& catalog) {
    Effect effect;
    const auto compared = [&](const QualifiedName& name) {
        const auto* relation = catalog.find(name);
        return relation != nullptr && is_compared(relation->kind);
    };
    for (const auto& lock : facts.locks) {
        if (compared(lock.relation))
            effect.locks[sql::display(lock.relation)] = catalog::pg_name(lock.mode);
    }
    for (const auto& name : facts.rewrites) {
        if (compared(name))
            effect.rewrites.insert(sql::display(name));
    }
    return effect;
}

std::string print(const Effect& effect) {
    return fmt::format("locks {} rewrites {}", testing::PrintToString(effect.locks), testing::PrintToString(effect.rewrites));
}

// The lines of locks.jsonl by file and number of the statement.
std::map<std::pair<std::string, int>, nlohmann::json> measurements(const std::filesystem::path& chain) {
    std::map<std::pair<std::string, int>, nlohmann::json> lines;
    std::ifstream file(chain / "locks.jsonl");
    for (std::string line; std::getline(file, line);) {
        auto json = nlohmann::json::parse(line);
        const auto key = std::make_pair(json.at("file").get<std::string>(), json.at("n").get<int>());
        lines.emplace(key, std::move(json));
    }
    return lines;
}

struct Score {
    int compared = 0;
    int right = 0;
};

// Tables of an earlier statement are ordinary tables here, as they were when the server was measured.
void forget_the_plan(catalog::Catalog& catalog) {
    change_each(catalog.relations, [](catalog::Relation& relation) {
        relation.created_by_plan = false;
        for (auto& column : relation.columns)
            column.all_null = false;
    });
}

Score replay(const std::filesystem::path& chain) {
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(chain)) {
        if (entry.path().extension() == ".sql")
            files.insert(entry.path());
    }
    const auto expected = measurements(chain);
    catalog::Catalog catalog = catalog_of("", 15);
    Score score;
    for (const auto& file : files) {
        for (const auto& statement : sql::read_script(contents(file), file.filename().string(), {}).statements) {
            const auto line = expected.find({file.filename().string(), statement.n});
            if (line != expected.end() && !line->second.contains("notx")) {
                const auto said = analysed(analyze(statement, {.base = catalog, .now = catalog, .rewrite = false}).facts, catalog);
                const auto was = measured(line->second);
                ++score.compared;
                score.right += said == was ? 1 : 0;
                if (said != was) {
                    std::cout << fmt::format("{}/{}:{} {:.110}\n    measured {}\n    said     {}\n", chain.filename().string(),
                                             file.filename().string(), statement.n, statement.sql, print(was), print(said));
                }
            }
            catalog::apply(statement, catalog);
            forget_the_plan(catalog);
        }
    }
    return score;
}

TEST(Corpus, LocksAndRewritesAreWhatAServerTookOverWholeMigrationChains) {
    if (!std::filesystem::exists(corpus()))
        GTEST_SKIP() << "no migration chains beside this checkout: ../shared/corpus";
    Score all;
    for (const auto& entry : std::filesystem::directory_iterator(corpus())) {
        if (!std::filesystem::exists(entry.path() / "locks.jsonl"))
            continue;
        const auto score = replay(entry.path());
        std::cout << fmt::format("{}: {} of {}\n", entry.path().filename().string(), score.right, score.compared);
        all.compared += score.compared;
        all.right += score.right;
    }
    std::cout << fmt::format("all: {} of {}\n", all.right, all.compared);
    EXPECT_GT(all.compared, 1800);
    EXPECT_GE(all.right * 1000, all.compared * 994);
}

}  // namespace
}  // namespace pgbelay::analysis
