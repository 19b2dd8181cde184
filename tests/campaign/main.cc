// The campaign: faults at every boundary of a deployment, and kills at random moments, on every version of PostgreSQL.
//   campaign [--versions 13,15] [--faults kill,crash] [--boundary N] [--sample N] [--random N] [--jobs N] [--seed N]
//            [--write FILE --commit TEXT]
// --sample takes so many boundaries for each fault instead of all; --random is the number of trials with kills at random moments;
// --write puts the summary between the marks of a page, and leaves there what it says of other versions. Exit 1 when a deployment was lost,
// 2 for wrong usage.
#include "campaign/summary.h"
#include "campaign/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <ctime>
#include <deque>
#include <iostream>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace pgbelay::test {
namespace {

struct Arguments {
    std::vector<std::string> versions{"13", "14", "15", "16", "17", "18"};
    std::vector<Fault> faults{kFaults.begin(), kFaults.end()};
    int boundary = 0;
    int sample = 0;
    int random = 100;
    int jobs = 2;
    unsigned seed = std::random_device{}();
    std::string write;
    std::string commit = "unknown";
};

struct Usage : std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> items;
    std::istringstream in(list);
    for (std::string item; std::getline(in, item, ',');) {
        items.push_back(item);
    }
    return items;
}

Fault fault_named(const std::string& text) {
    const auto* const found = std::ranges::find_if(kFaults, [&](Fault fault) { return name(fault) == text; });
    if (found == kFaults.end()) {
        throw Usage("no fault is called " + text);
    }
    return *found;
}

int number(const std::string& text) {
    try {
        return std::stoi(text);
    } catch (const std::logic_error&) {
        throw Usage(text + " is no number");
    }
}

Arguments parse(const std::vector<std::string>& words) {
    Arguments arguments;
    for (std::size_t i = 0; i < words.size(); i += 2) {
        if (i + 1 == words.size()) {
            throw Usage(words[i] + " needs a value");
        }
        const std::string& value = words[i + 1];
        if (words[i] == "--versions") {
            arguments.versions = split(value);
        } else if (words[i] == "--faults") {
            arguments.faults.clear();
            std::ranges::transform(split(value), std::back_inserter(arguments.faults), fault_named);
        } else if (words[i] == "--boundary") {
            arguments.boundary = number(value);
        } else if (words[i] == "--sample") {
            arguments.sample = number(value);
        } else if (words[i] == "--random") {
            arguments.random = number(value);
        } else if (words[i] == "--jobs") {
            arguments.jobs = std::max(1, number(value));
        } else if (words[i] == "--seed") {
            arguments.seed = static_cast<unsigned>(std::stoul(value));
        } else if (words[i] == "--write") {
            arguments.write = value;
        } else if (words[i] == "--commit") {
            arguments.commit = value;
        } else {
            throw Usage("there is no " + words[i]);
        }
    }
    return arguments;
}

// What a server fault is done to at a time.
constexpr std::size_t kTogether = 6;

struct Trial {
    Fault fault;
    std::vector<Boundary> boundaries;  // none for kills at random moments
    unsigned seed;
};

// In an order that spreads them, so that those that are done together differ.
std::vector<Boundary> some_of(const Arguments& arguments, std::vector<Boundary> all, std::minstd_rand& random) {
    if (arguments.boundary != 0) {
        std::erase_if(all, [&](const Boundary& b) { return b.n != arguments.boundary; });
    }
    std::ranges::shuffle(all, random);
    if (arguments.sample != 0 && all.size() > static_cast<std::size_t>(arguments.sample)) {
        all.resize(static_cast<std::size_t>(arguments.sample));
    }
    return all;
}

// All that is to be tried on one version. The same seed makes the same trials.
std::deque<Trial> trials(const Arguments& arguments, const std::vector<Boundary>& all) {
    std::minstd_rand random(arguments.seed);
    std::deque<Trial> chosen;
    for (const Fault fault : arguments.faults) {
        if (fault == Fault::random_kill) {
            for (int i = 0; i < arguments.random; ++i) {
                chosen.push_back({fault, {}, static_cast<unsigned>(random())});
            }
            continue;
        }
        const std::size_t together = fault == Fault::crash || fault == Fault::failover ? kTogether : 1;
        const std::vector<Boundary> some = some_of(arguments, all, random);
        for (std::size_t i = 0; i < some.size(); i += together) {
            const auto begin = some.begin() + static_cast<std::ptrdiff_t>(i);
            const auto count = static_cast<std::ptrdiff_t>(std::min(together, some.size() - i));
            chosen.push_back({fault, {begin, begin + count}, static_cast<unsigned>(random())});
        }
    }
    return chosen;
}

// The trials of one version, shared by workers that have a site each.
class Version {
public:
    Version(const Arguments& arguments, const std::string& major, Summary& summary)
        : arguments_(arguments), major_(major), summary_(summary) {}

    // How many boundaries a deployment passes.
    std::size_t run() {
        each_.migration = one_of_each();
        mixed_.migration = mixed();
        auto first = std::make_unique<Site>(major_);
        first->prepare(each_.migration);
        first->prepare(mixed_.migration);
        rehearse(each_, *first);
        rehearse(mixed_, *first);
        left_ = trials(arguments_, each_.all);
        std::cout << fmt::format("PostgreSQL {}: {} boundaries, {} trials", major_, each_.all.size(), left_.size()) << std::endl;
        std::vector<std::jthread> workers;
        for (int i = 1; i < arguments_.jobs; ++i) {
            workers.emplace_back([this] { work(nullptr); });
        }
        work(std::move(first));
        return each_.all.size();
    }

private:
    void work(std::unique_ptr<Site> site) {
        for (auto trial = next(); trial; trial = next()) {
            std::vector<Outcome> outcomes;
            try {
                if (!site) {
                    site = std::make_unique<Site>(major_);
                    site->prepare(each_.migration);
                    site->prepare(mixed_.migration);
                }
                std::minstd_rand random(trial->seed);
                outcomes = trial->fault == Fault::random_kill ? std::vector{kill_at_random(mixed_, *site, random)}
                                                              : faults_at(each_, *site, trial->fault, trial->boundaries, random);
            } catch (const std::exception& error) {
                outcomes = {{.injected = 1, .failure = error.what()}};
                site.reset();  // who knows in what state it is
            }
            settle(*trial, outcomes);
        }
    }

    std::optional<Trial> next() {
        const std::lock_guard lock(mutex_);
        if (left_.empty()) {
            return std::nullopt;
        }
        const Trial trial = left_.front();
        left_.pop_front();
        return trial;
    }

    void settle(const Trial& trial, const std::vector<Outcome>& outcomes) {
        const std::lock_guard lock(mutex_);
        for (std::size_t i = 0; i < outcomes.size(); ++i) {
            summary_.add(major_, trial.fault, outcomes[i]);
            if (!outcomes[i].failure.empty()) {
                const Boundary at = i < trial.boundaries.size() ? trial.boundaries[i] : Boundary{};
                std::cout << fmt::format("LOST on {}: {} at boundary {} ({}), its seed {}\n{}\n", major_, name(trial.fault), at.n, at.name,
                                         trial.seed, outcomes[i].failure)
                          << std::endl;
            }
        }
    }

    const Arguments& arguments_;
    std::string major_;
    Summary& summary_;
    Scene each_;
    Scene mixed_;
    std::mutex mutex_;
    std::deque<Trial> left_;
};

std::string today() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::array<char, 16> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &utc)};
}

int campaign(const Arguments& arguments) {
    std::cout << "seed " << arguments.seed << std::endl;
    Summary summary;
    for (const std::string& major : arguments.versions) {
        const std::size_t boundaries = Version(arguments, major, summary).run();
        summary.add({.major = major,
                     .date = today(),
                     .commit = arguments.commit,
                     .seed = arguments.seed,
                     .boundaries = boundaries,
                     .tried = arguments.sample == 0 ? "all" : std::to_string(arguments.sample)});
        // After each version: it takes long, and may not come to its end.
        if (!arguments.write.empty()) {
            Summary whole = summary;
            whole.keep(between_marks(arguments.write));
            write_between_marks(arguments.write, whole.text());
        }
    }
    std::cout << summary.text() << std::endl;
    const Summary::Count total = summary.total();
    return total.lost == 0 && total.injected > 0 ? 0 : 1;
}

}  // namespace
}  // namespace pgbelay::test

int main(int argc, char** argv) {
    try {
        return pgbelay::test::campaign(pgbelay::test::parse({argv + 1, argv + argc}));
    } catch (const pgbelay::test::Usage& error) {
        std::cerr << "campaign: " << error.what() << "; see the top of tests/campaign/main.cc\n";
        return 2;
    } catch (const std::exception& error) {
        std::cerr << "campaign: " << error.what() << '\n';
        return 1;
    }
}
