// Runs the cases of tests/cases against a real server: one, or all of them, on one version.
#include "case_runner/case.h"
#include "case_runner/run_case.h"
#include "case_runner/server.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <exception>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace pgbelay::test;
namespace fs = std::filesystem;

constexpr int kPassed = 0;
constexpr int kFailed = 1;
constexpr int kCannotRun = 2;
constexpr int kSkipped = 77;  // what CTest's SKIP_RETURN_CODE is set to

constexpr const char* kUsage =
    "case_runner --version MAJOR (--all [--jobs N] | --case NAME)… [--accept | --by-hand] [--server DIR] [--pgbelay FILE]\n"
    "case_runner --version MAJOR --start-server DIR\n"
    "case_runner --stop-server DIR\n"
    "case_runner --list\n";

struct Arguments {
    std::string version = "15";
    std::vector<std::string> cases;
    bool all = false;
    bool accept = false;
    bool by_hand = false;
    bool list = false;
    unsigned jobs = 2;
    fs::path server;
    fs::path start;
    fs::path stop;
    fs::path binary = PGBELAY_BINARY;
};

Arguments read_arguments(const std::vector<std::string>& words) {
    Arguments arguments;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        const auto value = [&]() -> const std::string& {
            if (i + 1 == words.size()) {
                throw std::invalid_argument(fmt::format("{} needs a value", word));
            }
            return words[++i];
        };
        if (word == "--version") {
            arguments.version = value();
        } else if (word == "--case") {
            arguments.cases.push_back(value());
        } else if (word == "--all") {
            arguments.all = true;
        } else if (word == "--accept") {
            arguments.accept = true;
        } else if (word == "--by-hand") {
            arguments.by_hand = true;
        } else if (word == "--list") {
            arguments.list = true;
        } else if (word == "--jobs") {
            arguments.jobs = static_cast<unsigned>(std::clamp(std::stoi(value()), 1, 64));
        } else if (word == "--server") {
            arguments.server = value();
        } else if (word == "--start-server") {
            arguments.start = value();
        } else if (word == "--stop-server") {
            arguments.stop = value();
        } else if (word == "--pgbelay") {
            arguments.binary = fs::absolute(value());
        } else {
            throw std::invalid_argument(fmt::format("unknown argument {}", word));
        }
    }
    return arguments;
}

const fs::path& case_root() {
    static const fs::path root = fs::path(PGBELAY_SOURCE_DIR) / "tests/cases";
    return root;
}

std::vector<Case> chosen_cases(const Arguments& arguments) {
    if (arguments.all || arguments.list) {
        return read_cases(case_root());
    }
    std::vector<Case> cases;
    for (const std::string& name : arguments.cases) {
        cases.push_back(read_case(case_root() / name));
    }
    if (cases.empty()) {
        throw std::invalid_argument("name a case, or say --all");
    }
    return cases;
}

void report(const Case& one, const Verdict& verdict) {
    switch (verdict.is) {
        case Verdict::Is::passed: fmt::print("PASSED  {}\n", one.name); break;
        case Verdict::Is::skipped: fmt::print("SKIPPED {}: {}\n", one.name, verdict.text); break;
        case Verdict::Is::failed: fmt::print("FAILED  {}: {}\n{}\n", one.name, one.why, verdict.text); break;
    }
    std::fflush(stdout);
}

// Several at a time, except those that time an application: they get the machine for themselves, at the end.
class Batch {
public:
    Batch(const std::vector<Case>& cases, const Environment& environment) : environment_(environment) {
        for (const Case& one : cases) {
            (one.has("traffic.sql") ? alone_ : together_).push_back(&one);
        }
    }

    int run(unsigned jobs) {
        {
            std::vector<std::jthread> workers;
            for (unsigned i = 0; i < jobs; ++i) {
                workers.emplace_back([this] { work(); });
            }
        }
        for (const Case* one : alone_) {
            judge(*one);
        }
        fmt::print("{} passed, {} failed, {} skipped\n", passed_, failed_, skipped_);
        if (failed_ > 0) {
            return kFailed;
        }
        return passed_ == 0 ? kSkipped : kPassed;
    }

private:
    void work() {
        for (std::size_t i = next_++; i < together_.size(); i = next_++) {
            judge(*together_[i]);
        }
    }

    void judge(const Case& one) {
        const Verdict verdict = run_case(one, environment_);
        const std::scoped_lock lock(mutex_);
        report(one, verdict);
        ++(verdict.is == Verdict::Is::passed ? passed_ : verdict.is == Verdict::Is::failed ? failed_ : skipped_);
    }

    const Environment& environment_;
    std::vector<const Case*> together_;
    std::vector<const Case*> alone_;
    std::atomic<std::size_t> next_ = 0;
    std::mutex mutex_;
    int passed_ = 0;
    int failed_ = 0;
    int skipped_ = 0;
};

int run_cases(const Arguments& arguments) {
    const std::vector<Case> cases = chosen_cases(arguments);
    if (!fs::exists(arguments.binary)) {
        throw std::runtime_error(fmt::format("{} is not there: build pgbelay first", arguments.binary.string()));
    }
    std::unique_ptr<pgbelay::cluster::Cluster> own;
    Environment environment{
        .major = arguments.version, .binary = arguments.binary, .accept = arguments.accept, .by_hand = arguments.by_hand};
    if (arguments.server.empty()) {
        own = start_server(arguments.version);
        environment.server_url = own->url();
    } else {
        environment.server_url = shared_server_url(arguments.server);
    }
    return Batch(cases, environment).run(arguments.jobs);
}

int run(const Arguments& arguments) {
    if (arguments.list) {
        for (const Case& one : chosen_cases(arguments)) {
            fmt::print("{}: {}\n", one.name, one.why);
        }
    } else if (!arguments.start.empty()) {
        start_shared_server(arguments.version, arguments.start);
    } else if (!arguments.stop.empty()) {
        stop_shared_server(arguments.stop);
    } else {
        return run_cases(arguments);
    }
    return kPassed;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(read_arguments({argv + 1, argv + argc}));
    } catch (const std::invalid_argument& error) {
        fmt::print(stderr, "{}\n{}", error.what(), kUsage);
    } catch (const std::exception& error) {
        fmt::print(stderr, "case_runner: {}\n", error.what());
    }
    return kCannotRun;
}
