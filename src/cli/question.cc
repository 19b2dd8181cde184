#include "cli/question.h"

#include "report/text.h"

#include <fmt/core.h>
#include <unistd.h>

#include <string_view>

namespace pgbelay::cli {

namespace {

// One line of standard input, without its end; ends at the end of input, too.
std::string read_line(const base::StopSignal& stop) {
    std::string line;
    while (true) {
        if (base::wait(STDIN_FILENO, base::Direction::read, base::kNoDeadline, &stop) == base::WaitResult::stopped) {
            throw base::Error(base::ErrorCode::interrupted, "interrupted at the question: nothing was changed");
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

bool ask(const Console& console, const std::string& question, const base::StopSignal& stop) {
    if (!console.terminal().in || !(console.terminal().out || console.terminal().err)) {
        throw base::Error(base::ErrorCode::refused, "nobody can be asked: there is no terminal").hint("look at the plan, then say --yes");
    }
    write_all(console.terminal().err ? STDERR_FILENO : STDOUT_FILENO, question + " [y/N] ");
    const std::string answer = read_line(stop);
    return answer == "y" || answer == "Y" || answer == "yes" || answer == "Yes" || answer == "YES";
}

std::string deploy_question(int steps, const std::string& target, const std::string& source) {
    return fmt::format("Deploy {} to {} (from {})?", report::count(steps, "step"), target, source);
}

std::string rollback_question(std::int64_t run, int steps, const std::string& target, const std::string& source) {
    return fmt::format("Roll back run {} on {} (from {}): {}?", run, target, source, report::count(steps, "step"));
}

}  // namespace pgbelay::cli
