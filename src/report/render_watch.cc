#include "report/render_watch.h"

#include <fmt/format.h>

namespace pgbelay::report {

namespace {

// The guard's own figures; rates are for the reader to take from two looks.
constexpr std::string_view kHowItIs =
    "SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'\n"
    "           AND backend_type = 'client backend' AND pid <> pg_backend_pid()) AS active_sessions,\n"
    "       (SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_stat_activity a USING (pid)\n"
    "         WHERE NOT l.granted AND a.datname = current_database()) AS lock_waiters,\n"
    "       (SELECT clock_timestamp() - min(xact_start) FROM pg_stat_activity WHERE datname = current_database()\n"
    "           AND backend_type = 'client backend' AND pid <> pg_backend_pid()) AS oldest_transaction,\n"
    "       (SELECT max(replay_lag) FROM pg_stat_replication) AS replication_lag,\n"
    "       (SELECT max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)) FROM pg_stat_replication) AS replication_lag_bytes,\n"
    "       xact_rollback AS rollbacks_in_all, deadlocks AS deadlocks_in_all\n"
    "  FROM pg_stat_database WHERE datname = current_database();\n";

std::string_view what_to_do(runbook::OnBreach action) {
    switch (action) {
        case runbook::OnBreach::pause: return "begin no other block until it is not";
        case runbook::OnBreach::abort: return "cancel what runs, and stop";
        case runbook::OnBreach::rollback: return "cancel what runs, and undo what is done";
    }
    return "";
}

}  // namespace

std::string watch_text(const plan::Plan& plan) {
    if (plan.limits.guard.empty() && plan.sections.empty()) {
        return "";
    }
    std::string out = fmt::format(
        "## Meanwhile, in a second session\n\npsql does not watch the database; somebody has to, {}, and before the first step for "
        "comparison:\n\n```sql\n{}```\n\n",
        plan.limits.guard.empty() ? "after each section" : "with `\\watch 1`", kHowItIs);
    for (const auto& limit : plan.limits.guard) {
        const runbook::Measure* measure = runbook::find_measure(limit.name);
        if (measure != nullptr) {
            const std::string most =
                limit.of_baseline ? fmt::format("{} times what it was before", limit.most) : runbook::figure_text(*measure, limit.most);
            out += fmt::format("- `{}` above {}{}: {}.\n", limit.name, most, measure->is_time_of_ours ? "" : " for some seconds",
                               what_to_do(limit.action.value_or(plan.on_breach)));
        }
    }
    return out + (plan.limits.guard.empty() ? "" : "\n");
}

}  // namespace pgbelay::report
