#include "cli/question.h"

#include "report/text.h"

#include <fmt/core.h>
#include <unistd.h>

#include <string_view>

namespace pgbelay::cli {

namespace {

// One line of standard input, without its end; ends at the end of input, too.
std::string read_line(const base::StopSignal& stop, std::string_view interrupted, const std::function<void()>& look) {
    constexpr base::Millis kLookEvery{1'000};
    std::string line;
    while (true) {
        const base::Deadline deadline = look ? base::in(kLookEvery) : base::kNoDeadline;
        const base::WaitResult waited = base::wait(STDIN_FILENO, base::Direction::read, deadline, &stop);
        if (waited == base::WaitResult::stopped) {
            throw base::Error(base::ErrorCode::interrupted, std::string(interrupted));
        }
        if (look && waited != base::WaitResult::ready) {
            look();
            continue;
        }
        char c = 0;
        const ssize_t got = read(STDIN_FILENO, &c, 1);
        if (got <= 0 || c == '\n') {
            return line;
        }
        line += c;
    }
}

}  // namespace

bool can_ask(const Console& console) {
    return console.terminal().in && (console.terminal().out || console.terminal().err);
}

std::optional<std::string> ask_who_confirms(const Console& console, const plan::Step& step, const base::StopSignal& stop,
                                            const std::function<void()>& look) {
    std::string text = fmt::format("To confirm, {}:\n", report::one_line(step.name));
    for (const std::string& line : step.lines) {
        text += report::labelled("-", line, console.style(), {2, 2});
    }
    write_all(console.terminal().err ? STDERR_FILENO : STDOUT_FILENO, text + "Confirmed by (your name; empty: not confirmed): ");
    const std::string line = read_line(stop, "interrupted at the question", look);
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos) {
        return std::nullopt;
    }
    return line.substr(begin, line.find_last_not_of(" \t\r") + 1 - begin);
}

bool ask(const Console& console, const std::string& question, const base::StopSignal& stop) {
    if (!can_ask(console)) {
        throw base::Error(base::ErrorCode::refused, "nobody can be asked: there is no terminal").hint("look at the plan, then say --yes");
    }
    write_all(console.terminal().err ? STDERR_FILENO : STDOUT_FILENO, question + " [y/N] ");
    const std::string answer = read_line(stop, "interrupted at the question: nothing was changed", {});
    return answer == "y" || answer == "Y" || answer == "yes" || answer == "Yes" || answer == "YES";
}

std::string deploy_question(int steps, const std::string& target, const std::string& source) {
    return fmt::format("Deploy {} to {} (from {})?", report::count(steps, "step"), target, source);
}

std::string rollback_question(std::int64_t run, int steps, const std::string& target, const std::string& source) {
    return fmt::format("Roll back run {} on {} (from {}): {}?", run, target, source, report::count(steps, "step"));
}

}  // namespace pgbelay::cli
