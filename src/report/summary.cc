#include "report/summary.h"

#include "report/measures.h"
#include "report/progress.h"
#include "report/redact.h"
#include "report/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace pgbelay::report {

namespace {

constexpr Column kColumn{2, 14};

std::string headline(const engine::RunReport& report, const Ending& ending, const Style& style) {
    const auto painted = [&](Ink ink, std::string_view word) { return paint(style, ink, word); };
    std::string text;
    switch (report.result) {
        case engine::RunResult::deployed:
            text = report.verification_failures.empty() ? painted(Ink::good, "Deployed")
                                                        : painted(Ink::bad, "Deployed, but not as it should be");
            break;
        case engine::RunResult::nothing_to_do: return painted(Ink::good, "Nothing to do") + ": deployed before, or there already.\n";
        case engine::RunResult::waiting: text = painted(Ink::warning, "Waiting for its time"); break;
        case engine::RunResult::rolled_back: text = painted(Ink::warning, "Rolled back"); break;
        case engine::RunResult::stopped:
            text = painted(Ink::bad, report.changed ? "Stopped part-way" : "Stopped, nothing was changed");
            break;
        case engine::RunResult::refused: text = painted(Ink::bad, report.changed ? "Refused" : "Refused, nothing was changed"); break;
        case engine::RunResult::interrupted:
            text = painted(Ink::warning, report.changed ? "Interrupted part-way" : "Interrupted, nothing was changed");
            break;
    }
    if (report.run != 0) {
        text += fmt::format(", run {}", report.run);
    }
    return text + ", in " + base::format_duration(ending.took) + ".\n";
}

std::string results_of(const engine::RunReport& report) {
    using engine::StepResult;
    constexpr std::array kOrder{StepResult::done,   StepResult::adopted, StepResult::skipped,
                                StepResult::failed, StepResult::unknown, StepResult::rolled_back};
    std::vector<std::string> parts;
    for (const StepResult result : kOrder) {
        const auto n = std::count_if(report.steps.begin(), report.steps.end(), [result](const auto& s) { return s.result == result; });
        if (n > 0) {
            parts.push_back(fmt::format("{} {}", n, result_words(result)));
        }
    }
    return join(parts, ", ");
}

// Wait and hold are what the application pays for a strong lock: those behind us wait for both.
std::string felt(const engine::RunReport& report, const Style& style) {
    base::Millis held{0};
    base::Millis queued{0};
    base::Millis together{0};
    base::Millis waited{0};
    int blocked = 0;
    for (const engine::StepReport& step : report.steps) {
        held = std::max(held, step.times.lock_held);
        queued = std::max(queued, step.times.queued);
        together = std::max(together, step.times.lock_held + step.times.queued);
        waited += step.times.waited;
        blocked = std::max(blocked, step.times.blocked_sessions);
    }
    std::string out;
    if (together.count() > 0) {
        out += labelled(
            "felt at most",
            fmt::format("{}: {} in a lock queue, {} holding a lock; {} seen waiting on us", base::format_duration(together),
                        base::format_duration(queued), base::format_duration(held), blocked == 0 ? "nobody" : count(blocked, "session")),
            style, kColumn);
    } else if (!report.steps.empty()) {
        out += labelled("felt at most", "nothing: no strong lock was held for a millisecond", style, kColumn);
    }
    if (waited.count() > 0) {
        out += labelled("waited", base::format_duration(waited) + " in all for others", style, kColumn);
    }
    return out;
}

std::string verification(const engine::RunReport& report, const Style& style) {
    if (!report.verification_failures.empty()) {
        std::string out;
        for (const std::string& failure : report.verification_failures) {
            out += labelled_in(Ink::bad, out.empty() ? "verification" : "", redact(failure), style, kColumn);
        }
        return out;
    }
    return report.verified ? labelled("verification", "every condition holds", style, kColumn) : "";
}

// Only what was looked at; what was lost stands under the verification.
std::string rows_kept(const engine::RunReport& report, const Style& style) {
    std::size_t counted = 0;
    std::size_t asked = 0;
    std::string fewer;
    for (const engine::TableRows& table : report.rows.tables) {
        if (table.before && table.after) {
            ++counted;
            fewer += *table.after < *table.before ? fmt::format("; {}: {}", sql::display(table.name), table.words) : "";
        } else if (report.rows.statistics && !report.rows.ddl_alone) {
            ++asked;
        }
    }
    std::vector<std::string> how;
    if (counted > 0) {
        how.push_back(fmt::format("{} counted", counted));
    }
    if (asked > 0) {
        how.push_back(fmt::format("{} by this run's statistics", asked));
    }
    return how.empty()
               ? ""
               : labelled("rows", fmt::format("none lost where the plan has no business ({}){}", join(how, ", "), fewer), style, kColumn);
}

}  // namespace

std::string summary_text(const engine::RunReport& report, const Ending& ending, const Style& style) {
    std::string out = headline(report, ending, style);
    if (report.result == engine::RunResult::nothing_to_do) {
        return out;
    }
    if (!report.steps.empty()) {
        out += labelled("steps", results_of(report), style, kColumn);
        out += felt(report, style);
    }
    if (report.result == engine::RunResult::waiting) {
        out += labelled("waits until", fmt::format("{}, for {}", report.waiting_until, one_line(report.waiting_for)), style, kColumn);
    }
    out += verification(report, style);
    out += report.verified ? rows_kept(report, style) : "";
    const bool unfinished = report.result == engine::RunResult::waiting || report.result == engine::RunResult::stopped ||
                            report.result == engine::RunResult::interrupted;
    if (unfinished && !ending.go_on.empty()) {
        out += labelled("to go on", ending.go_on, style, kColumn);
    }
    if (report.changed && !ending.undo.empty()) {
        out += labelled("to undo", ending.undo, style, kColumn);
    }
    const std::string measures = measures_text(report.measured, style);
    return out + (measures.empty() ? "" : "\n" + measures);
}

}  // namespace pgbelay::report
