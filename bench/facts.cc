// Measures how fast pgbelay says what statements do, beside squawk, which lints them: on one core, on two over many files, and up to a
// million statements in one file, with the memory that it takes. Prints a table and, with --json FILE, the figures; exit 1 when a promise
// is not kept. See docs/benchmarks.md.
#include "base/error.h"
#include "base/temporary_folder.h"
#include "program.h"
#include "run.h"
#include "statements.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace pgbelay::bench {

namespace {

using Json = nlohmann::ordered_json;

constexpr int kStatements = 10'000;
constexpr int kMany = 100'000;
constexpr int kMost = 1'000'000;
constexpr int kFiles = 200;
constexpr int kInEachFile = 500;
// Others may be using the machine: the best of so many tells what it can do.
constexpr int kRounds = 7;
constexpr std::uint32_t kSeed = 20'260'101;

// The least of the times, the most of the memory.
Used best(const Used& a, const Used& b) {
    return {.wall = std::min(a.wall, b.wall),
            .processor = std::min(a.processor, b.processor),
            .memory = std::max(a.memory, b.memory),
            .status = a.status};
}

class Facts {
public:
    Facts(const Arguments& arguments, const base::StopSignal& stop) : pgbelay_(arguments.pgbelay), json_(arguments.json), stop_(stop) {}

    int run() {
        beside_squawk();
        over_files();
        up_to_a_million();
        return promises_.conclude({{"timings", results_}}, json_);
    }

private:
    static void say(const std::string& text) { fmt::print("{}\n", text); }

    base::Command facts(const std::vector<std::string>& files, bool separately = false) const {
        base::Command command{.argv = {pgbelay_, "plan", "--format", "jsonl"}};
        if (separately) {
            command.argv.emplace_back("--separately");
        }
        command.argv.insert(command.argv.end(), files.begin(), files.end());
        return command;
    }

    // From npm, as dbmate is for the tests of its ledger.
    std::string squawk() const {
        const auto fetched = base::run_command({.argv = {PGBELAY_SOURCE_DIR "/tools/squawk"}}, base::in(std::chrono::minutes(5)), &stop_);
        if (fetched.status != 0) {
            throw base::Error(base::ErrorCode::input, "squawk cannot be fetched from npm: " + fetched.err);
        }
        return fetched.out.substr(0, fetched.out.find('\n'));
    }

    Used measured(const base::Command& command, int cores) {
        base::heed(&stop_);
        const Used taken = used(command, cores);
        // Both exit with 1 when they have something to say about the statements; ours then has a defect.
        if (taken.status != 0 && (taken.status != 1 || command.argv.front() == pgbelay_)) {
            throw base::Error(base::ErrorCode::internal, fmt::format("{} ended with {}", command.argv.front(), taken.status));
        }
        return taken;
    }

    void show(const std::string& name, const Used& taken, int statements) {
        constexpr double kMega = 1 << 20;
        const double size = static_cast<double>(taken.memory) / kMega;
        say(fmt::format("  {:<34} {:>8.3f} s of processor {:>8.3f} s {:>9.0f} statements/s {:>7.0f} MB", name, taken.processor, taken.wall,
                        statements / taken.processor, size));
        results_.push_back(
            {{"name", name}, {"processor_seconds", taken.processor}, {"seconds", taken.wall}, {"statements", statements}, {"mb", size}});
    }

    void beside_squawk() {
        const std::string bytes = migration_of(kStatements, kSeed);
        const std::string file = folder_.write("one.sql", bytes);
        const std::string program = squawk();
        say(fmt::format("{} statements in one file of {:.1f} MB, one core, the best of {}", kStatements, megabytes(bytes.size()), kRounds));
        const base::Command theirs{.argv = {program, "--reporter", "gcc", file}};
        Used ours_best = measured(facts({file}), 1);
        Used theirs_best = measured(theirs, 1);
        for (int i = 1; i < kRounds; ++i) {
            ours_best = best(ours_best, measured(facts({file}), 1));
            theirs_best = best(theirs_best, measured(theirs, 1));
        }
        // What any start of the program holds, its libraries above all, has nothing to do with the file.
        const Used idle = measured({.argv = {pgbelay_, "--version"}}, 1);
        show("pgbelay", ours_best, kStatements);
        show("squawk", theirs_best, kStatements);
        promises_.at_most("10,000 statements: pgbelay by squawk", ours_best.processor / theirs_best.processor, 1, "times");
        promises_.at_most("… memory beyond a start, by the file", static_cast<double>(ours_best.memory - idle.memory) / size_of(bytes), 10,
                          "times");
    }

    void over_files() {
        std::vector<std::string> files;
        for (int i = 0; i < kFiles; ++i) {
            files.push_back(folder_.write(fmt::format("f{}.sql", i), migration_of(kInEachFile, kSeed + static_cast<std::uint32_t>(i) + 1)));
        }
        if (cores() < 2) {
            say("two cores: SKIPPED, there is one");
            return;
        }
        say(fmt::format("{} files of {} statements, each for itself, the best of {}", kFiles, kInEachFile, kRounds));
        Used one = measured(facts(files, true), 1);
        Used two = measured(facts(files, true), 2);
        for (int i = 1; i < kRounds; ++i) {
            one = best(one, measured(facts(files, true), 1));
            two = best(two, measured(facts(files, true), 2));
        }
        show("one core", one, kFiles * kInEachFile);
        show("two cores", two, kFiles * kInEachFile);
        promises_.at_least("many files: two cores by one", one.wall / two.wall, 1.8, "times as fast");
    }

    Used of_one_file(int statements, double& size) {
        const std::string bytes = migration_of(statements, kSeed);
        size = size_of(bytes);
        const std::string file = folder_.write("large.sql", bytes);
        Used taken = measured(facts({file}), 1);
        for (int i = 1; i < 3; ++i) {
            taken = best(taken, measured(facts({file}), 1));
        }
        show(fmt::format("{} statements, {:.0f} MB", statements, megabytes(bytes.size())), taken, statements);
        promises_.at_most(fmt::format("{} statements: memory by the file", statements), static_cast<double>(taken.memory) / size, 10,
                          "times");
        return taken;
    }

    void up_to_a_million() {
        say("one file, one core, the best of 3");
        double many_size = 0;
        double most_size = 0;
        const Used many = of_one_file(kMany, many_size);
        const Used most = of_one_file(kMost, most_size);
        // A look-up in a catalog ten times as large, and that no longer fits the processor's caches, takes longer: not ten times, though.
        promises_.at_most("a statement of 1,000,000 by one of 100,000", most.processor / kMost / (many.processor / kMany), 1.5, "times");
        promises_.at_most("… and its memory", static_cast<double>(most.memory) / most_size / (static_cast<double>(many.memory) / many_size),
                          1.1, "times");
    }

    static double size_of(const std::string& bytes) { return static_cast<double>(bytes.size()); }
    static double megabytes(std::size_t bytes) {
        constexpr double kMega = 1e6;
        return static_cast<double>(bytes) / kMega;
    }

    std::string pgbelay_;
    std::string json_;
    const base::StopSignal& stop_;
    base::TemporaryFolder folder_{"facts"};
    std::vector<Json> results_;
    Promises promises_;
};

}  // namespace

}  // namespace pgbelay::bench

int main(int argc, char** argv) {
    using namespace pgbelay;
    return bench::run_benchmark(argc, argv, "facts", [](const bench::Arguments& arguments, const base::StopSignal& stop) {
        return bench::Facts(arguments, stop).run();
    });
}
