#include "report/render.h"

#include "catalog/lock_mode.h"
#include "report/fact_sql.h"
#include "report/markdown.h"
#include "report/plan_text.h"
#include "report/render_measures.h"
#include "report/render_watch.h"
#include "report/text.h"
#include "sql/quote.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace pgbelay::report {

namespace {

using base::Millis;

// Functions of the script. psql's own variables keep ON_ERROR_STOP and a quiet, unaligned output; ~/.psqlrc is not read.
constexpr std::string_view kFunctions = R"sh(set -euo pipefail
: "${DATABASE_URL:?set it first, such as postgres://deployer@db1:5432/orders}"

ask() { psql "$DATABASE_URL" -XqAt -v ON_ERROR_STOP=1; }

# One statement after the other, each by itself.
alone() { psql "$DATABASE_URL" -Xq -v ON_ERROR_STOP=1; }

# What an earlier try left: an index of this name that is INVALID.
drop_if_invalid() {
    local invalid
    invalid=$(ask <<<"SELECT NOT indisvalid FROM pg_index WHERE indexrelid = to_regclass('${1//"'"/"''"}')")
    [ "$invalid" != t ] || alone <<<"DROP INDEX CONCURRENTLY $1"
}

# Shows what it answers, and what an error is called.
look() { psql "$DATABASE_URL" -Xq -v ON_ERROR_STOP=1 -v VERBOSITY=verbose; }

# One transaction. When a lock is not got in time nothing has happened, and it is tried again.
transaction() {
    local sql words end=$((SECONDS + DEADLINE))
    sql=$(cat)
    until words=$(printf '%s\n' "$sql" | psql "$DATABASE_URL" -Xq -v ON_ERROR_STOP=1 -v VERBOSITY=verbose 2>&1); do
        if [[ $words != *' 55P03: '* && $words != *' 40P01: '* ]] || [ "$SECONDS" -ge "$end" ]; then
            printf '%s\n' "$words" >&2
            return 1
        fi
        sleep 1
    done
    [ -z "$words" ] || printf '%s\n' "$words"
}

# Reads a query; its last line of output is the number of rows.
rows() { { echo 'BEGIN READ ONLY;'; cat; echo '\echo :ROW_COUNT'; echo 'ROLLBACK;'; } | ask; }
fail() { printf '%s\n' "$*" >&2; return 1; }
expect_empty() { [ "$(rows | tail -n 1)" = 0 ] || fail 'expected no row'; }
expect_true() { [ "$(rows)" = $'t\n1' ] || fail 'expected one value that is true'; }
expect_number() {
    local out n
    out=$(rows)
    n=$(tail -n 1 <<<"$out")
    if [ "$n" = 1 ] && [[ $(head -n 1 <<<"$out") =~ ^-?[0-9]+$ ]]; then n=$(head -n 1 <<<"$out"); fi
    [ "$n" = "$1" ] || fail "expected $1, got $n"
}
)sh";

std::string shell_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return out + "'";
}

// `SQL`, or a longer word when a line of the text is just that.
std::string here_document(const std::string& command, const std::string& text) {
    std::string word = "SQL";
    while (("\n" + text).find("\n" + word + "\n") != std::string::npos) {
        word += "_";
    }
    return fmt::format("{} <<'{}'\n{}{}\n", command, word, text, word);
}

// A comment at the end would take the semicolon with it.
std::string terminated(const std::string& sql) {
    const std::size_t line = sql.rfind('\n') == std::string::npos ? 0 : sql.rfind('\n') + 1;
    return sql + (sql.find("--", line) == std::string::npos ? ";\n" : "\n;\n");
}

std::string statements(const plan::Step& step) {
    std::string out;
    for (const plan::Send& send : step.sends) {
        out += terminated(send.sql);
        if (send.copy_data) {
            out += *send.copy_data + (send.copy_data->empty() || send.copy_data->ends_with('\n') ? "" : "\n") + "\\.\n";
        }
    }
    return out;
}

std::string settings(const plan::SessionContext& context, bool local) {
    std::string out;
    for (const plan::Setting& setting : context.settings) {
        out += terminated(local ? setting.local : setting.session);
    }
    return out;
}

std::string set(std::string_view scope, std::string_view name, Millis value) {
    return fmt::format("SET {}{} = '{}ms';\n", scope, name, value.count());
}

bool takes_strong_locks(const plan::Step& step) {
    return std::ranges::any_of(step.locks, [](const auto& lock) { return catalog::blocks_the_application(lock.mode); }) &&
           std::ranges::any_of(step.sends, &plan::Send::takes_strong_lock);
}

std::string in_a_transaction(const plan::Step& step, const runbook::Limits& limits) {
    const bool strong = takes_strong_locks(step);
    std::string sql = "BEGIN;\n" + set("LOCAL ", "lock_timeout", strong ? limits.lock_timeout : Millis(0)) +
                      set("LOCAL ", "statement_timeout",
                          strong                      ? limits.hold
                          : step.timeout.count() != 0 ? step.timeout
                          : step.long_running         ? Millis(0)
                                                      : limits.statement_timeout);
    return here_document("transaction", sql + settings(step.context, true) + statements(step) + "COMMIT;\n");
}

bool builds(const plan::Step& step) {
    return step.kind == plan::StepKind::concurrent && !step.rebuilds &&
           std::ranges::any_of(step.condition.facts, [](const auto& fact) { return std::holds_alternative<catalog::IndexIs>(fact); });
}

std::string by_itself(const plan::Step& step) {
    const std::string first = builds(step) ? fmt::format("drop_if_invalid {}\n", shell_quoted(sql::quote_name(step.index))) : "";
    return first + here_document("alone", set("", "lock_timeout", Millis(0)) + set("", "statement_timeout", Millis(0)) +
                                              settings(step.context, false) + statements(step));
}

std::string expectation(const plan::Step& step) {
    switch (step.expects.expect) {
        case runbook::Expect::empty: return "expect_empty";
        case runbook::Expect::is_true: return "expect_true";
        case runbook::Expect::count: return fmt::format("expect_number {}", step.expects.count);
        default: return "look";
    }
}

// What a person has to see in the output; "" where the command itself sees to it.
std::string to_be_seen(const plan::Step& step) {
    const auto& expects = step.expects;
    std::string out;
    switch (expects.expect) {
        case runbook::Expect::compare: {
            const auto& than = expects.comparison;
            out = fmt::format("The value must be {} {}.\n\n", than.op,
                              than.record.empty() ? than.value : fmt::format("{} as it was noted at {}", than.column, than.record));
            break;
        }
        case runbook::Expect::table: {
            std::string table = fmt::format("{}\n", fmt::join(expects.table.columns, "\t"));
            for (const auto& row : expects.table.rows) {
                table += fmt::format("{}\n", fmt::join(row, "\t"));
            }
            out = fmt::format("It must show this{}:\n\n", expects.table.ordered ? ", in this order" : "") + markdown_fence("text", table);
            break;
        }
        case runbook::Expect::error: out = fmt::format("It must fail with SQLSTATE {}.\n\n", expects.sqlstate); break;
        default: break;
    }
    return out + (step.record.empty() ? "" : fmt::format("Note the values, as {}: a later step needs them.\n\n", step.record));
}

// A query that only looks; what it answers is shown.
std::string looked(const plan::SessionContext& context, const std::string& sql, bool may_fail) {
    return here_document(may_fail ? "if ! look" : "look",
                         "BEGIN READ ONLY;\n" + settings(context, true) + terminated(sql) + "ROLLBACK;\n") +
           (may_fail ? "then echo 'nothing to note'; fi\n" : "");
}

std::string tried(const plan::Step& step, const runbook::Limits& limits) {
    const bool fails = step.expects.expect == runbook::Expect::error;
    const Millis budget = step.timeout.count() == 0 ? limits.hold : step.timeout;
    return here_document(fails ? "if look" : "look", "BEGIN;\n" + set("LOCAL ", "lock_timeout", limits.lock_timeout) +
                                                         set("LOCAL ", "statement_timeout", budget) + settings(step.context, true) +
                                                         statements(step) + "ROLLBACK;\n") +
           (fails ? "then fail 'expected an error'; fi\n" : "");
}

std::string commands(const plan::Step& step, const runbook::Limits& limits) {
    switch (step.kind) {
        case plan::StepKind::transaction: return in_a_transaction(step, limits);
        case plan::StepKind::concurrent:
        case plan::StepKind::repeatable:
        case plan::StepKind::once: return by_itself(step);
        case plan::StepKind::check:
            if (expectation(step) == "look") {
                return here_document("look", "BEGIN READ ONLY;\n" + settings(step.context, true) + statements(step) + "ROLLBACK;\n");
            }
            return here_document(expectation(step), settings(step.context, true) + statements(step));
        case plan::StepKind::attempt: return tried(step, limits);
        case plan::StepKind::confirm: return "";
        case plan::StepKind::attach: break;
    }
    // One transaction each, so that no lock is held for the next one.
    std::string out;
    for (const plan::Send& send : step.sends) {
        plan::Step one = step;
        one.sends = {send};
        one.locks = {{.relation = step.index, .mode = catalog::LockMode::access_exclusive}};
        one.sends.front().takes_strong_lock = true;
        out += in_a_transaction(one, limits);
    }
    return out;
}

// Asked once for all steps of a statement, before the first.
std::string with_condition(const plan::Step& step, std::string commands) {
    if (step.when.empty()) {
        return commands;
    }
    const std::string answer = fmt::format("when_{}", step.when_from);
    std::string out;
    if (step.when_from == step.n) {
        out = fmt::format("{}=$(\n{})\n", answer, here_document("ask", settings(step.context, false) + terminated(step.when)));
    }
    return out + fmt::format("if [ \"${}\" = t ]; then\n{}fi\n", answer, commands);
}

// What a step with a condition made is undone only where it is there.
std::string if_it_was_done(const plan::Step& undo, const plan::Plan& plan, std::string commands) {
    std::vector<std::string> seen_facts;
    for (const int n : undo.undoes) {
        const plan::Step* step = plan::find_step(plan, n);
        if (step != nullptr && !step->when.empty()) {
            std::ranges::transform(step->condition.facts, std::back_inserter(seen_facts), seen);
        }
    }
    if (seen_facts.empty()) {
        return commands;
    }
    return fmt::format("done=$(\n{})\nif [ \"$done\" = t ]; then\n{}fi\n",
                       here_document("ask", fmt::format("SELECT {};\n", fmt::join(seen_facts, "\n   AND "))), commands);
}

std::string about(const plan::Step& step) {
    switch (step.kind) {
        case plan::StepKind::concurrent:
            return "Takes as long as the table is large, and waits for transactions that were there before it. If it breaks off, do it "
                   "again.\n\n";
        case plan::StepKind::once: return "Nothing shows afterwards whether it happened. Do it once.\n\n";
        default: return "";
    }
}

// `undone`: the plan that the step undoes a part of.
std::string step_text(const plan::Step& step, const runbook::Limits& limits, const plan::Plan* undone = nullptr) {
    std::string out = fmt::format("### {}. {}\n\n", step.n, one_line(step.name));
    if (const std::string place = base::to_string(step.place); !place.empty()) {
        out += fmt::format("From {}.\n\n", place);
    }
    if (step.skip) {
        return out + fmt::format("Not needed: {}.\n\n", *step.skip);
    }
    if (step.waits()) {
        out += fmt::format("To begin {}.\n\n", not_before_words(step));
    }
    out += about(step) + to_be_seen(step);
    for (const std::string& line : step.lines) {
        out += fmt::format("- [ ] {}\n", line);
    }
    if (step.kind == plan::StepKind::confirm) {
        return out + "\n";
    }
    std::string script;
    for (const std::string& echo : step.echoes) {
        script += fmt::format("printf '%s\\n' {}\n", shell_quoted(echo));
    }
    const std::string what = with_condition(step, commands(step, limits));
    out += markdown_fence("sh", script + (undone == nullptr ? what : if_it_was_done(step, *undone, what)));
    if (!step.condition.empty()) {
        out += fmt::format("Afterwards: {}.\n\n", step.condition.describe());
    }
    return out;
}

constexpr std::string_view kInTheWay =
    "SELECT pid, usename, application_name, state, clock_timestamp() - xact_start AS since, left(query, 60) AS query\n"
    "  FROM pg_stat_activity\n"
    " WHERE datname = current_database() AND xact_start < clock_timestamp() - interval '1s' AND pid <> pg_backend_pid()\n"
    " ORDER BY xact_start;\n";

void refuse(const plan::Plan& plan) {
    if (!plan.refusals.empty()) {
        const plan::Refusal& first = plan.refusals.front();
        throw base::Error(base::ErrorCode::refused, first.message).at(first.place).hint(first.hint);
    }
}

std::string functions(const runbook::Limits& limits) {
    std::string text(kFunctions);
    constexpr std::string_view kDeadline = "DEADLINE";
    text.replace(text.find(kDeadline), kDeadline.size(), fmt::format("{}", std::max<std::int64_t>(1, limits.deadline.count() / 1000)));
    return text;
}

}  // namespace

std::string plain_runbook(const plan::Plan& plan, const plan::Plan& undo) {
    refuse(plan);
    std::string out = fmt::format(
        "# {}, by hand\n\n"
        "For bash and psql. The `sh` blocks, one after the other in one shell, do what `pgbelay deploy` would do, but nobody watches: look "
        "before each step who is in the way, wait until they are gone, and stop when a block fails.\n\n"
        "Digest {}, plan digest {}.\n\n",
        one_line(plan.name), plan.digest, plan.plan_digest);
    out += "Who is in the way:\n\n" + markdown_fence("sql", kInTheWay);
    out += watch_text(plan);
    out += "## First, in the shell\n\n" + markdown_fence("sh", functions(plan.limits));
    out += measures_by_hand_before(plan, looked) + "## To do it\n\n";
    for (const plan::Step& step : plan.steps) {
        out += step_text(step, plan.limits);
    }
    out += measures_by_hand_after(plan, looked);
    out +=
        "Then tell pgbelay that it is done, so that it does not do it again: `pgbelay mark PATH --db \"$DATABASE_URL\"`. The ledger of "
        "another migration tool is to be told by its own means.\n\n";

    out += "## To undo it\n\n";
    for (const plan::Refusal& refusal : undo.refusals) {
        out += fmt::format("Not all of it can be undone: {}.\n\n", refusal.message);
    }
    if (undo.refusals.empty() && !undo.steps.empty()) {
        out += "In a new shell the functions come first again.\n\n";
        for (const plan::Step& step : undo.steps) {
            out += step_text(step, undo.limits, &plan);
        }
    }
    return out;
}

}  // namespace pgbelay::report
