#include "report/run_text.h"

#include "report/gates.h"
#include "report/json.h"
#include "report/measures.h"
#include "report/progress.h"
#include "report/redact.h"
#include "report/text.h"
#include "report/times.h"

#include <fmt/core.h>

#include <algorithm>

namespace pgbelay::report {

namespace {

constexpr Column kColumn{2, 14};

// What a run that waits is waiting for, as it wrote down last.
std::string waiting_words(const engine::RunRecord& run) {
    std::string words = "waiting";
    for (const engine::Evidence& evidence : run.evidence) {
        if (evidence.kind == "waiting") {
            words = fmt::format("waiting until {}, for {}", Json::parse(evidence.content).value("until", "?"), one_line(evidence.name));
        }
    }
    return words;
}

std::string state_words(const engine::RunRecord& run) {
    std::string words = run.state == "rolled_back" ? "rolled back" : run.state == "waiting" ? waiting_words(run) : run.state;
    if (run.state == "deployed") {
        words += run.verified ? ", verified" : ", not verified";
    }
    const bool working = run.state == "running" || run.state == "paused";
    if (working && run.process_alive) {
        words += run.holder.empty() ? ", its process lives" : ", held by " + run.holder;
    } else if (working) {
        words += ", its process is gone";
    }
    return words;
}

std::string line(std::string_view label, const std::string& text, const Style& style) {
    return text.empty() ? "" : labelled(label, redact(text), style, kColumn);
}

std::string title(const engine::RunRecord& run) {
    std::string text = fmt::format("Run {}: {}", run.id, run.kind);
    if (run.undoes != 0) {
        text += fmt::format(" of run {}", run.undoes);
    }
    return run.name.empty() ? text : text + ", " + one_line(run.name);
}

// The first step that is not finished; null when all are.
const engine::StepRecord* current_step(const engine::RunRecord& run) {
    const auto found = std::find_if(run.steps.begin(), run.steps.end(), [](const engine::StepRecord& s) {
        return s.result.empty() || s.result == "intent" || s.result == "failed" || s.result == "unknown";
    });
    return found == run.steps.end() ? nullptr : &*found;
}

std::string name_of(const engine::RunRecord& run, int n) {
    const plan::Step* step = find_step(run, n);
    return step == nullptr ? fmt::format("step {}", n) : one_line(step->name);
}

std::string step_text(const engine::RunRecord& run, const engine::StepRecord& record, const Style& style) {
    const std::string result = step_result_words(record.result);
    const int room = style.columns - 6 - 2 - width(result);
    std::string out = fmt::format("{:>4}  {}  {}\n", record.n, pad(shorten(name_of(run, record.n), room, style), room), result);
    constexpr Column kUnder{6, 9};
    if (const plan::Step* step = find_step(run, record.n)) {
        out += labelled("at", base::to_string(step->place), style, kUnder);
        for (const plan::Send& send : step->sends) {
            out += labelled_lines(&send == &step->sends.front() ? "sent" : "",
                                  sql_lines(send.sql, style.columns - kUnder.indent - kUnder.label, style), style, kUnder);
        }
    }
    if (!record.started_at.empty()) {
        out += labelled("when", record.started_at + (record.finished_at.empty() ? "" : " to " + record.finished_at), style, kUnder);
        out += labelled("took", join(times_words(record.times), ", "), style, kUnder);
    }
    if (!record.note.empty()) {
        out += labelled("note", redact(record.note), style, kUnder);
    }
    return out;
}

std::string guard_text(const engine::RunRecord& run) {
    if (run.guard_samples == 0) {
        return "";
    }
    std::string out = fmt::format("\nGuard, the most seen in {}:\n", count(run.guard_samples, "sample"));
    int widest = 0;
    for (const auto& [name, value] : run.guard_maxima) {
        widest = std::max(widest, width(name));
    }
    for (const auto& [name, value] : run.guard_maxima) {
        out += fmt::format("  {}  {:g}\n", pad(name, widest), value);
    }
    return out;
}

std::string health_text(const engine::RunRecord& run, const Style& style) {
    std::string out;
    for (const engine::Evidence& evidence : run.evidence) {
        if (evidence.kind == "health") {
            const engine::Health health = engine::read_health(evidence.name, evidence.content);
            const std::string text = health_line(health);
            out += health.far() ? labelled_in(Ink::bad, "", text, style, {2, 1}) : labelled("", text, style, {2, 1});
        }
    }
    return out.empty() ? "" : "\nThe database after each section, and what it was before the first change:\n" + out;
}

std::string signals_text(const engine::RunRecord& run, const Style& style) {
    std::string out = run.signals.empty() ? "" : "\nSessions that were in the way and were told to end:\n";
    for (const engine::SignalRecord& signal : run.signals) {
        const std::string what = signal.action == "cancel" ? "cancelled" : "terminated";
        out += labelled("", fmt::format("step {}, {}: {} {}", signal.n, signal.at, what, redact(signal.session)), style, {2, 1});
    }
    return out;
}

std::string rows_text(const engine::RunRecord& run, const Style& style) {
    std::string out = run.rows.tables.empty() ? "" : "\nTables whose rows the plan had no business with:\n";
    int widest = 0;
    for (const engine::TableRows& table : run.rows.tables) {
        widest = std::max(widest, width(sql::display(table.name)));
    }
    for (const engine::TableRows& table : run.rows.tables) {
        const std::string name = sql::display(table.name);
        const Column column{2, widest + 2};
        out += table.lost ? labelled_in(Ink::bad, name, table.words, style, column) : labelled(name, table.words, style, column);
    }
    return out;
}

std::string next_move(const engine::RunRecord& run) {
    if (run.state == "paused" && run.process_alive) {
        return fmt::format("pgbelay resume {0}, or pgbelay abort {0}", run.id);
    }
    if (run.state == "running" && run.process_alive) {
        return fmt::format("pgbelay pause {0}, or pgbelay abort {0}", run.id);
    }
    if (run.state == "deployed" || run.state == "rolled_back" || run.state == "aborted") {
        return run.debts.empty() ? "" : fmt::format("pgbelay resume {} cleans up", run.id);
    }
    return fmt::format("pgbelay resume {0}, or pgbelay rollback {0}", run.id);
}

}  // namespace

std::string step_result_words(const std::string& result) {
    if (result.empty()) {
        return "not reached";
    }
    if (result == "intent") {
        return "in flight";
    }
    return result == "rolled_back" ? "rolled back" : result;
}

std::string run_text(const engine::RunRecord& run, const Style& style) {
    std::string out = paint(style, Ink::strong, title(run)) + "\n";
    out += line("state", state_words(run), style);
    out += line("error", run.error, style);
    out += line("started", run.started_at, style);
    out += line("finished", run.finished_at, style);
    out += line("by", run.operator_name, style);
    out += line("as role", run.role, style);
    out += line("with", run.client, style);
    out += line("target from", run.url_source, style);
    out += line("digest", run.digest, style);
    out += line("plan digest", run.plan_digest, style);
    for (const std::string& debt : run.debts) {
        out += line("still owed", debt, style);
    }
    if (run.plan && !run.plan->gates.empty()) {
        out += "\n" + gates_text(run.plan->gates, style);
        out.pop_back();
    }
    if (!run.steps.empty()) {
        out += "\nSteps:\n";
    }
    for (const engine::StepRecord& step : run.steps) {
        out += step_text(run, step, style);
    }
    const std::string measures = measures_text(run.measured, style);
    return out + (measures.empty() ? "" : "\n" + measures) + rows_text(run, style) + signals_text(run, style) + health_text(run, style) +
           guard_text(run);
}

std::string history_text(const std::string& target, const std::vector<engine::RunRecord>& runs, const Style& style) {
    if (runs.empty()) {
        return fmt::format("{}: nothing was deployed with pgbelay yet.\n", target);
    }
    std::string out =
        paint(style, Ink::faint, fmt::format("{:>5}  {:<8}  {:<11}  {:<19}  {:<16}  {}", "RUN", "KIND", "STATE", "STARTED", "BY", "NAME"));
    out += "\n";
    for (const engine::RunRecord& run : runs) {
        const std::string state = run.state == "rolled_back" ? "rolled back" : run.state;
        std::string started = run.started_at.substr(0, 19);
        std::replace(started.begin(), started.end(), 'T', ' ');
        const std::string head = fmt::format("{:>5}  {}  {}  {}  {}  ", run.id, pad(run.kind, 8), pad(state, 11), pad(started, 19),
                                             pad(shorten(run.operator_name, 16, style), 16));
        out += head + shorten(one_line(run.name), std::max(style.columns - width(head), 4), style) + "\n";
    }
    return out;
}

std::string status_text(const std::string& target, const std::optional<engine::RunRecord>& run, const Style& style) {
    if (!run) {
        return fmt::format("{}: nothing was deployed with pgbelay yet.\n", target);
    }
    std::string out = paint(style, Ink::strong, title(*run)) + "\n";
    out += line("target", target, style);
    out += line("state", state_words(*run), style);
    if (run->control == "pause" || run->control == "pause_now" || run->control == "abort") {
        out += line("told to", run->control == "abort" ? "abort" : "pause", style);
    }
    const auto finished = std::count_if(run->steps.begin(), run->steps.end(), [](const engine::StepRecord& s) {
        return s.result == "done" || s.result == "skipped" || s.result == "adopted" || s.result == "rolled_back";
    });
    if (!run->steps.empty()) {
        out += line("steps", fmt::format("{} of {} finished", finished, run->plan ? run->plan->steps.size() : run->steps.size()), style);
    }
    if (const engine::StepRecord* step = current_step(*run); step != nullptr && run->state != "deployed") {
        out += line("at step", fmt::format("{}, {}: {}", step->n, name_of(*run, step->n), step_result_words(step->result)), style);
    }
    out += line("error", run->error, style);
    out += line("started", run->started_at, style);
    out += line("finished", run->finished_at, style);
    out += line("by", run->operator_name, style);
    for (const std::string& debt : run->debts) {
        out += line("still owed", debt, style);
    }
    out += line("next", next_move(*run), style);
    const std::string measures = measures_text(run->measured, style);
    return out + (measures.empty() ? "" : "\n" + measures);
}

}  // namespace pgbelay::report
