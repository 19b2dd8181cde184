#include "report/run_markdown.h"

#include "engine/journal/journal.h"
#include "report/json.h"
#include "report/markdown.h"
#include "report/measures.h"
#include "report/plan_text.h"
#include "report/progress.h"
#include "report/redact.h"
#include "report/run_text.h"
#include "report/text.h"
#include "report/times.h"
#include "runbook/expectation.h"
#include "runbook/fences.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace pgbelay::report {

namespace {

using engine::Evidence;
using engine::RunRecord;
using engine::StepRecord;

const StepRecord* record_of(const RunRecord& run, int n) {
    const auto found = std::ranges::find(run.steps, n, &StepRecord::n);
    return found == run.steps.end() ? nullptr : &*found;
}

// "app.sql:3:1", or the fence that named the file.
const base::Place& stands_at(const plan::Step& step) {
    return step.fence.line > 0 ? step.fence : step.place;
}

// The time of day alone where the whole time stands at the top.
std::string clock(const std::string& at) {
    return at.size() >= 19 ? at.substr(11, 8) : at;
}

// "; waited until …" where it did.
std::string waiting_words(const RunRecord& run, int n) {
    std::string words;
    for (const Evidence& evidence : run.evidence) {
        if (evidence.n == n && evidence.kind == "waiting") {
            words = "; waited until " + markdown_text(Json::parse(evidence.content).value("until", "?"));
        }
    }
    return words;
}

// "**done**, 10:02:03, 1.2 s; built: …"
std::string outcome(const RunRecord& run, const plan::Step& step) {
    const StepRecord* record = record_of(run, step.n);
    if (record == nullptr || record->result.empty()) {
        return step.skip ? "**skipped**: " + markdown_text(*step.skip) : "**not reached**";
    }
    std::string words = fmt::format("**{}**", step_result_words(record->result));
    if (!record->started_at.empty()) {
        words += fmt::format(", {}: {}", clock(record->started_at), join(times_words(record->times), ", "));
    }
    if (!record->note.empty()) {
        words += "; " + markdown_text(redact(record->note));
    }
    if (record->result == "failed" && !run.error.empty()) {
        words += "; " + markdown_text(redact(run.error));
    }
    return words + waiting_words(run, step.n);
}

// A quote under the fence. A fence of one step needs no name for it.
std::string outcomes(const RunRecord& run, const std::vector<const plan::Step*>& steps) {
    std::string out = "\n";
    for (const plan::Step* step : steps) {
        out += steps.size() == 1 ? fmt::format("> {}\n", outcome(run, *step))
                                 : fmt::format("> - {}: {}\n", markdown_text(step->name), outcome(run, *step));
    }
    return out;
}

// Line by line the author's own text; after each fence what came of its steps.
class AnnotatedRunbook {
public:
    explicit AnnotatedRunbook(const RunRecord& run) : run_(run), document_(run.plan->document) {
        if (document_.text.empty()) {
            return;
        }
        for (const auto& fence : runbook::read_fences(document_.text, document_.path, document_.first_line)) {
            const auto lines = static_cast<int>(std::ranges::count(fence.content, '\n'));
            ends_.emplace(fence.place.line + lines + 1, fence.place.line);
        }
        for (const plan::Step& step : run.plan->steps) {
            const base::Place& place = stands_at(step);
            const auto fence = ends_.lower_bound(place.line);
            if (place.file == document_.path && fence != ends_.end() && fence->second <= place.line) {
                steps_[fence->first].push_back(&step);
                found_.insert(step.n);
            }
        }
    }

    std::string text() const {
        std::string out;
        int line = document_.first_line;
        for (std::size_t begin = 0; begin < document_.text.size(); ++line) {
            const std::size_t end = std::min(document_.text.find('\n', begin), document_.text.size());
            out += redact(document_.text.substr(begin, end - begin)) + "\n";
            begin = end + 1;
            if (const auto steps = steps_.find(line); steps != steps_.end()) {
                out +=
                    outcomes(run_, steps->second) + (document_.text.substr(std::min(begin, document_.text.size()), 1) == "\n" ? "" : "\n");
            }
        }
        return out;
    }

    // Those of SQL files that were deployed beside it, or without one.
    std::vector<const plan::Step*> others() const {
        std::vector<const plan::Step*> steps;
        for (const plan::Step& step : run_.plan->steps) {
            if (!found_.contains(step.n)) {
                steps.push_back(&step);
            }
        }
        return steps;
    }

private:
    const RunRecord& run_;
    const runbook::Document& document_;
    std::map<int, int> ends_;  // of each fence, its first line by its last
    std::map<int, std::vector<const plan::Step*>> steps_;
    std::set<int> found_;
};

std::string steps_of_files(const RunRecord& run, const std::vector<const plan::Step*>& steps) {
    std::string out;
    std::string file;
    for (const plan::Step* step : steps) {
        if (step->place.file != file) {
            file = step->place.file;
            out += fmt::format("## {}\n\n", markdown_text(file));
        }
        out += fmt::format("{}. {}: {}\n\n", step->n, markdown_text(step->name), outcome(run, *step));
        std::string sql;
        for (const plan::Send& send : step->sends) {
            sql += redact(send.sql) + ";\n";
        }
        out += sql.empty() ? "" : markdown_fence("sql", sql);
    }
    return out;
}

std::string state_words(const RunRecord& run) {
    if (run.state == "deployed") {
        return run.verified ? "deployed, verified" : "deployed, not verified";
    }
    return run.state == "rolled_back" ? "rolled back" : run.state;
}

std::string head(const RunRecord& run, const std::string& target) {
    std::vector<std::pair<std::string, std::string>> rows{
        {"state", fmt::format("**{}**", state_words(run))},
        {"error", run.error},
        {"target", target},
        {"started", run.started_at},
        {"finished", run.finished_at},
        {"executed by", fmt::format("{}, as role {}", run.operator_name, run.role)},
        {"digest", run.digest},
        {"with", run.client},
    };
    for (const plan::GateRecord& gate : run.plan ? run.plan->gates : std::vector<plan::GateRecord>{}) {
        constexpr std::string_view kApprovals = "approvals.";
        if (gate.words.starts_with(kApprovals)) {
            const std::size_t role = gate.words.find_first_of(" :", kApprovals.size());
            const std::size_t who = gate.words.find(": ", kApprovals.size());
            rows.emplace_back(gate.words.substr(kApprovals.size(), role - kApprovals.size()) + " by",
                              who == std::string::npos ? "" : gate.words.substr(who + 2));
        }
    }
    std::string out = fmt::format("# {}: run {}\n\n", markdown_text(run.name), run.id);
    out += "| | |\n|---|---|\n";
    for (const auto& [label, value] : rows) {
        out += value.empty() ? "" : fmt::format("| {} | {} |\n", label, label == "state" ? value : markdown_text(redact(value)));
    }
    return out + "\n";
}

std::string requirements(const RunRecord& run) {
    if (run.plan->gates.empty()) {
        return "";
    }
    std::string out = "## Required before the first change\n\n| verdict | requirement and what was found |\n|---|---|\n";
    for (const plan::GateRecord& gate : run.plan->gates) {
        out += fmt::format("| {} | {} |\n", to_string(gate.verdict), markdown_text(redact(gate.words)));
    }
    return out + "\n";
}

std::string expected_words(const runbook::Expectation& expects) {
    const auto& than = expects.comparison;
    switch (expects.expect) {
        case runbook::Expect::empty: return "no row";
        case runbook::Expect::is_true: return "true";
        case runbook::Expect::count: return std::to_string(expects.count);
        case runbook::Expect::compare:
            return fmt::format("{} {}", than.op, than.record.empty() ? than.value : than.record + "." + than.column);
        case runbook::Expect::table: return "the table under it";
        case runbook::Expect::anything: return "it runs";
        case runbook::Expect::error: return "it fails with SQLSTATE " + expects.sqlstate;
    }
    return "";
}

std::string verdict_of_check(const RunRecord& run, const plan::Step& step) {
    const StepRecord* record = record_of(run, step.n);
    if (record == nullptr || record->result.empty()) {
        return "not reached";
    }
    return record->result == "done" ? "holds" : record->result == "failed" ? "does not hold" : record->result;
}

std::string verdict_of_measurement(const RunRecord& run, const plan::Measurement& measurement) {
    const auto found = std::ranges::find(run.measured, measurement.name, &engine::Measured::name);
    if (found == run.measured.end() || !found->after) {
        return "not measured";
    }
    return found->after->failures.empty() ? "holds" : "does not hold: " + join(found->after->failures, "; ");
}

std::string criteria(const RunRecord& run) {
    std::string rows;
    int conditions = 0;
    for (const plan::Step& step : run.plan->steps) {
        conditions += step.condition.empty() ? 0 : 1;
        if (step.kind == plan::StepKind::check || step.kind == plan::StepKind::attempt) {
            rows += fmt::format("| {} | {} | {} |\n", markdown_text(step.name), markdown_text(expected_words(step.expects)),
                                verdict_of_check(run, step));
        }
    }
    for (const plan::Measurement& measurement : run.plan->measurements) {
        const auto wanted = demands(measurement.gauge);
        if (measurement.gauge.kind != runbook::MeasureKind::probe && !wanted.empty()) {
            rows += fmt::format("| {} | {} | {} |\n", markdown_text(measurement.name), markdown_text(join(wanted, ", ")),
                                markdown_text(verdict_of_measurement(run, measurement)));
        }
    }
    if (conditions > 0) {
        const char* verdict = run.verified ? "holds" : run.state == "deployed" ? "does not hold, see the error" : "not asked";
        rows += fmt::format("| the catalog shows it | {} | {} |\n", count(conditions, "condition"), verdict);
    }
    return rows.empty() ? "" : "## Success criteria\n\n| criterion | expected | verdict |\n|---|---|---|\n" + rows + "\n";
}

struct RecordedValue {
    std::string name;  // "before.orders"
    std::optional<std::string> value;
    std::string at;
};

std::vector<RecordedValue> recorded_values(const RunRecord& run) {
    std::vector<RecordedValue> values;
    for (const Evidence& evidence : run.evidence) {
        for (const auto& [column, value] : evidence.kind == "record" ? engine::record_of(evidence.content) : engine::Record{}) {
            values.push_back({evidence.name + "." + column, value, evidence.at});
        }
    }
    return values;
}

std::string recorded(const RunRecord& run) {
    std::string rows;
    for (const RecordedValue& one : recorded_values(run)) {
        rows += fmt::format("| {} | {} | {} |\n", markdown_text(one.name), markdown_text(redact(one.value.value_or("NULL"))), one.at);
    }
    return rows.empty() ? "" : "## Recorded values\n\n| value | is | recorded |\n|---|---|---|\n" + rows + "\n";
}

std::string measured(const RunRecord& run) {
    constexpr int kColumns = 100;
    const std::string text = measures_text(run.measured, {.columns = kColumns});
    return text.empty() ? "" : "## Before and after\n\n" + markdown_fence("text", text);
}

std::string impact(const RunRecord& run) {
    std::string out = "## Impact\n\n";
    base::Millis held{0};
    base::Millis queued{0};
    int blocked = 0;
    for (const StepRecord& step : run.steps) {
        held = std::max(held, step.times.lock_held);
        queued = std::max(queued, step.times.queued);
        blocked = std::max(blocked, step.times.blocked_sessions);
    }
    out += fmt::format(
        "- longest time in the queue of a strong lock: {}; longest time that one was held: {}; most sessions that waited on us "
        "at a time: {}\n",
        base::format_duration(queued), base::format_duration(held), blocked);
    if (run.guard_samples > 0) {
        std::vector<std::string> maxima;
        for (const auto& [name, value] : run.guard_maxima) {
            maxima.push_back(fmt::format("{} {:g}", markdown_text(name), value));
        }
        out += fmt::format("- most seen in {}: {}\n", count(run.guard_samples, "sample"), join(maxima, ", "));
    }
    for (const Evidence& evidence : run.evidence) {
        if (evidence.kind == "health") {
            out += fmt::format("- {}\n", markdown_text(health_line(engine::read_health(evidence.name, evidence.content))));
        }
    }
    for (const engine::SignalRecord& signal : run.signals) {
        out += fmt::format("- step {}, {}: {} {}\n", signal.n, signal.at, signal.action == "cancel" ? "cancelled" : "terminated",
                           markdown_text(redact(signal.session)));
    }
    for (const engine::TableRows& table : run.rows.tables) {
        out += fmt::format("- rows of {}: {}\n", markdown_text(sql::display(table.name)), markdown_text(table.words));
    }
    return out + "\n";
}

std::string way_back(const RunRecord& run) {
    std::string out = "## How to go back from here\n\n";
    if (run.kind != "deploy") {
        return out + fmt::format("This run is a {} itself.\n\n", run.kind);
    }
    if (run.state == "rolled_back") {
        return out + "It has been rolled back.\n\n";
    }
    out += markdown_fence("sh", fmt::format("pgbelay rollback {} --db \"$DATABASE_URL\"\n", run.id));
    const auto losses = points_of_no_return(*run.plan);
    for (const std::string& loss : losses) {
        out += fmt::format("- cannot be undone without loss: {}\n", markdown_text(loss));
    }
    return out + (losses.empty() ? "Every step has an inverse that loses nothing.\n\n" : "\n");
}

// YAML, so that the next runbook's author and a program can both read it. Every value is quoted as JSON, which YAML reads.
std::string hand_over(const RunRecord& run, const std::string& target) {
    const auto quoted = [](const std::string& text) { return Json(redact(text)).dump(-1, ' ', false, Json::error_handler_t::replace); };
    std::string yaml = fmt::format("runbook: {}\nrun: {}\nstate: {}\nverified: {}\ntarget: {}\ndigest: {}\nfinished_at: {}\nby: {}\n",
                                   quoted(run.name), run.id, quoted(run.state), run.verified, quoted(target), quoted(run.digest),
                                   quoted(run.finished_at), quoted(run.operator_name));
    std::string records;
    for (const RecordedValue& one : recorded_values(run)) {
        records += fmt::format("  {}: {}\n", quoted(one.name), one.value ? quoted(*one.value) : "null");
    }
    yaml += records.empty() ? "" : "recorded:\n" + records;
    yaml += fmt::format("roll_back: {}\n", quoted(fmt::format("pgbelay rollback {}", run.id)));
    return "## Hand-over\n\n" + markdown_fence("yaml", yaml);
}

}  // namespace

std::string run_markdown(const RunRecord& run, const std::string& target) {
    if (!run.plan) {
        return head(run, target) + hand_over(run, target);
    }
    const AnnotatedRunbook runbook(run);
    return head(run, target) + requirements(run) + runbook.text() + "\n" + steps_of_files(run, runbook.others()) + criteria(run) +
           recorded(run) + measured(run) + impact(run) + way_back(run) + hand_over(run, target);
}

}  // namespace pgbelay::report
