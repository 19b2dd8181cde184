#include "cli/facts.h"

#include "cli/exit_status.h"
#include "report/facts_json.h"
#include "runbook/stream.h"
#include "sql/large_stack.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace pgbelay::cli {

namespace {

constexpr std::size_t kChunk = std::size_t{64} << 10;
constexpr unsigned kMostThreads = 64;
// How far a thread may be ahead of the part whose lines are being written: what is ahead waits in memory.
constexpr std::size_t kAhead = 16;

// Those that this process may use, which can be fewer than there are.
unsigned cores() {
    cpu_set_t set;
    CPU_ZERO(&set);
    const bool known = sched_getaffinity(0, sizeof set, &set) == 0;
    return std::clamp(known ? static_cast<unsigned>(CPU_COUNT(&set)) : 1U, 1U, kMostThreads);
}

// Lines that several threads make, written in the order of the parts that they belong to.
class Lines {
public:
    Lines(const Console& console, bool to_file, std::size_t parts) : console_(console), to_file_(to_file), parts_(parts) {}

    // The next part to be done, once it is not too far ahead; the number of parts when there is none left.
    std::size_t next() {
        std::unique_lock lock(mutex_);
        const std::size_t part = std::min(taken_++, parts_.size());
        moved_.wait(lock, [&] { return part < now_ + kAhead; });
        return part;
    }

    void add(std::size_t part, std::string& lines) {
        const std::lock_guard lock(mutex_);
        if (part == now_) {
            write(lines);
        } else {
            parts_[part].lines += lines;
        }
        lines.clear();
    }

    void end(std::size_t part, std::exception_ptr failure) {
        const std::lock_guard lock(mutex_);
        parts_[part].ended = true;
        parts_[part].failure = std::move(failure);
        while (now_ < parts_.size() && parts_[now_].ended) {
            parts_[now_].lines = {};
            if (++now_ < parts_.size()) {
                write(parts_[now_].lines);
            }
        }
        moved_.notify_all();
    }

    // Throws what stopped the first part that was stopped.
    void finish() const {
        if (to_file_) {
            console_.document(document_);
        }
        for (const Part& part : parts_) {
            if (part.failure) {
                std::rethrow_exception(part.failure);
            }
        }
    }

private:
    struct Part {
        std::string lines;  // that wait for the parts before
        bool ended = false;
        std::exception_ptr failure;
    };

    void write(const std::string& lines) {
        if (to_file_) {
            document_ += lines;
        } else {
            console_.document(lines);
        }
    }

    const Console& console_;
    bool to_file_;  // all at once
    std::mutex mutex_;
    std::condition_variable moved_;
    std::vector<Part> parts_;
    std::size_t taken_ = 0;
    std::size_t now_ = 0;  // the part whose lines are written as they come
    std::string document_;
};

class Printer {
public:
    Printer(const Plan& command, const Context& context)
        : context_(context),
          options_{.as_written = command.as_written, .stop = &context.interrupts.stop()},
          lines_(context.console, !context.common.output.empty(), command.separately ? command.paths.size() : 1) {
        if (!command.separately) {
            inputs_.push_back(command.paths);
            return;
        }
        for (const std::string& path : command.paths) {
            inputs_.push_back({path});
        }
    }

    int print() {
        const std::size_t threads = std::min<std::size_t>(cores(), inputs_.size());
        sql::on_large_stacks(static_cast<unsigned>(threads), [this] { work(); });
        lines_.finish();
        return refused_ ? kRefused : kDone;
    }

private:
    void work() {
        for (std::size_t part = lines_.next(); part < inputs_.size(); part = lines_.next()) {
            std::string lines;
            std::exception_ptr failure;
            try {
                read(part, lines);
            } catch (...) {
                failure = std::current_exception();
            }
            lines_.add(part, lines);
            lines_.end(part, failure);
        }
    }

    void read(std::size_t part, std::string& lines) {
        plan::FactsReader reader(catalog::Catalog::unknown(0), options_, [&](const plan::StatementFacts& facts) {
            refused_ = refused_ || !facts.refusals.empty();
            report::append_facts(lines, facts);
            if (lines.size() >= kChunk) {
                lines_.add(part, lines);
            }
        });
        const runbook::ReadOptions reading{.variables = context_.common.variables,
                                           .limits = context_.common.limits,
                                           .blockers = context_.common.blockers,
                                           .stop = &context_.interrupts.stop()};
        runbook::read_statements(inputs_[part], reading, reader);
    }

    const Context& context_;
    plan::PlanOptions options_;
    std::vector<std::vector<std::string>> inputs_;
    Lines lines_;
    std::atomic<bool> refused_ = false;
};

}  // namespace

int print_facts(const Plan& command, const Context& context) {
    return Printer(command, context).print();
}

}  // namespace pgbelay::cli
