#include "engine/gates.h"

#include "engine/journal/journal.h"
#include "sql/quote.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

namespace pgbelay::engine {

namespace {

using Level = Finding::Level;

constexpr int kOldest = 130000;
constexpr int kNewestKnown = 18;

Finding version(const pg::ServerFacts& facts) {
    if (facts.version < kOldest) {
        return {Level::refusal,
                "version",
                fmt::format("PostgreSQL {} is older than 13", facts.version_text),
                "upgrade the server; pgbelay relies on what 13 brought",
                {}};
    }
    if (facts.version / 10000 > kNewestKnown) {
        return {Level::warning,
                "version",
                fmt::format("PostgreSQL {} is newer than what this version was tested with", facts.version_text),
                fmt::format("tested are 13 to {}", kNewestKnown),
                {}};
    }
    return {Level::ok, "version", "PostgreSQL " + facts.version_text, "", {}};
}

Finding primary(const pg::ServerFacts& facts) {
    if (facts.in_recovery) {
        return {Level::refusal, "primary", "the server is a hot standby", "give the URL of the primary", {}};
    }
    const std::string standbys = facts.standbys == 0 ? "" : fmt::format(", {} standby server(s) follow it", facts.standbys);
    return {Level::ok, "primary", "the server is a primary" + standbys, "", {}};
}

Finding pooler(const Target& target) {
    if (pg::behind_transaction_pooler(target.here(), base::in(std::chrono::seconds(15)), target.stop())) {
        return {Level::refusal,
                "pooler",
                "sessions do not stay on one backend: a pooler in transaction mode is in between",
                "give the address of the server itself, or a pool in session mode",
                {}};
    }
    return {Level::ok, "pooler", "sessions stay on their backends", "", {}};
}

Finding journal(Target& target) {
    const JournalState state = journal_state(target.control());
    if (!state.refusal.empty()) {
        return {Level::refusal, "journal", state.refusal, state.way_out, {}};
    }
    if (state.present && state.version < kJournalFormat) {
        return {Level::ok,
                "journal",
                fmt::format("schema pgbelay is there, in format {}; the next run brings it to {}", state.version, kJournalFormat),
                "",
                {}};
    }
    if (state.present) {
        return {Level::ok, "journal", "schema pgbelay is there", "", {}};
    }
    if (!target.facts().may_create_schema) {
        return {Level::refusal,
                "journal",
                fmt::format("there is no journal yet, and role {} may not create one in database {}", target.facts().role,
                            target.facts().database),
                fmt::format("GRANT CREATE ON DATABASE {} TO {}, or let its owner run `pgbelay init-db --grant {}`",
                            sql::quote_identifier(target.facts().database), sql::quote_identifier(target.facts().role),
                            sql::quote_identifier(target.facts().role)),
                {}};
    }
    return {Level::ok, "journal", "schema pgbelay will be made by the first deploy", "", {}};
}

Finding check_replica(Target& target, const pg::Conninfo& replica) {
    const std::string name = replica.describe();
    const auto refusal = [&](const std::string& what, const std::string& hint) {
        return Finding{Level::refusal, "replica", name + what, hint, {}};
    };
    try {
        pg::Connection connection = pg::Connection::open(replica, "replica", base::in(std::chrono::seconds(10)), target.stop());
        const pg::ServerFacts facts = pg::server_facts(connection);
        if (facts.system_identifier != target.facts().system_identifier || facts.database_oid != target.facts().database_oid) {
            return refusal(" is no copy of this database", "name a standby that follows " + target.describe());
        }
        if (!facts.in_recovery) {
            return refusal(" is no standby but a primary", "leave it out");
        }
        if (!facts.sees_activity) {
            return {Level::warning,
                    "replica",
                    name + " is a standby, on which the activity of others is hidden from this role",
                    fmt::format("GRANT pg_read_all_stats TO {} on the primary", sql::quote_identifier(facts.role)),
                    {}};
        }
        return {Level::ok, "replica", name + " is a standby of it", "", {}};
    } catch (const base::Error& error) {
        if (error.code() == base::ErrorCode::interrupted) {
            throw;
        }
        return refusal(" cannot be looked after: " + error.message(), "mend that, or leave it out: then nobody looks who reads there");
    }
}

std::string grant_activity(const pg::ServerFacts& facts) {
    return fmt::format("GRANT pg_read_all_stats TO {}", sql::quote_identifier(facts.role));
}

Finding activity(const pg::ServerFacts& facts) {
    if (facts.sees_activity) {
        return {Level::ok, "activity", "the activity of other sessions is visible", "", {}};
    }
    return {Level::warning,
            "activity",
            "queries and ages of other sessions are hidden from this role; locks and waits are not",
            grant_activity(facts),
            {}};
}

// Limits that only visible activity can answer are refused, never read as 0.
std::vector<Finding> hidden_limits(const pg::ServerFacts& facts, const runbook::Limits& limits) {
    std::vector<Finding> findings;
    for (const auto& limit : limits.guard) {
        const runbook::Measure* measure = runbook::find_measure(limit.name);
        if (measure != nullptr && measure->hidden_from_some && !facts.sees_activity) {
            findings.push_back({Level::refusal, "activity",
                                fmt::format("limit {} needs figures that are hidden from this role", limit.name),
                                grant_activity(facts) + ", or leave the limit out", limit.place});
        }
    }
    return findings;
}

// What our grammar does not know, the server's own reads now instead of in mid-run: PL/pgSQL parses the statements of a block when it
// compiles it (check_sql_expr in pl_gram.y), also those that it never comes to.
std::vector<Finding> syntax_errors(pg::Connection& connection, const plan::Plan& plan) {
    std::vector<Finding> findings;
    for (const auto& statement : plan.statements) {
        if (!statement.facts.opaque || !statement.kind.empty()) {
            continue;
        }
        const std::string block = "DO " + sql::quote_literal("BEGIN IF false THEN " + statement.sql + "; END IF; END");
        const pg::Outcome outcome = connection.run(block, std::nullopt, base::in(std::chrono::seconds(5)), nullptr);
        const auto* error = std::get_if<pg::ServerError>(&outcome);
        if (error != nullptr && error->connection_lost) {
            throw pg::to_error(*error);
        }
        if (error != nullptr && error->sqlstate == "42601") {
            findings.push_back({Level::refusal, "syntax", error->message, "mend the statement", statement.place});
        }
    }
    return findings;
}

// What the plan changes must be ours to change.
pg::NeededRights needed_rights(const plan::Plan& plan) {
    pg::NeededRights needed;
    std::set<std::string> own;
    for (const auto& statement : plan.statements) {
        if (statement.skip || statement.facts.opaque) {
            continue;
        }
        for (const auto& lock : statement.facts.locks) {
            const bool ddl = statement.kind == "AlterTableStmt" || statement.kind == "IndexStmt" || statement.kind == "RenameStmt";
            // The lock of a foreign key on the table that it references asks for REFERENCES only.
            if (ddl && &lock == &statement.facts.locks.front()) {
                own.insert(sql::quote_name(lock.relation));
            }
        }
    }
    needed.own_relations.assign(own.begin(), own.end());
    return needed;
}

}  // namespace

std::vector<Finding> check_target(Target& target) {
    const pg::Heeding heeding(target.control(), target.stop());
    std::vector<Finding> findings{version(target.facts()), primary(target.facts())};
    findings.push_back(pooler(target));
    if (!target.facts().in_recovery) {
        findings.push_back(journal(target));
    }
    findings.push_back(activity(target.facts()));
    for (Finding& finding : check_replicas(target)) {
        findings.push_back(std::move(finding));
    }
    return findings;
}

std::vector<Finding> check_replicas(Target& target) {
    std::vector<Finding> findings;
    for (const auto& replica : target.replicas()) {
        findings.push_back(check_replica(target, replica));
    }
    return findings;
}

std::vector<Finding> check_plan(Target& target, const plan::Plan& plan) {
    const pg::Heeding heeding(target.control(), target.stop());
    std::vector<Finding> findings = hidden_limits(target.facts(), plan.limits);
    for (Finding& finding : check_blockers(target.facts(), plan.blockers)) {
        findings.push_back(std::move(finding));
    }
    for (const auto& refusal : plan.refusals) {
        findings.push_back({Level::refusal, "statements", refusal.message, refusal.hint, refusal.place});
    }
    for (Finding& finding : syntax_errors(target.control(), plan)) {
        findings.push_back(std::move(finding));
    }
    if (plan.refusals.empty() && !refuses(findings)) {
        findings.push_back({Level::ok, "statements", fmt::format("{} statements can be deployed", plan.statements.size()), "", {}});
    }
    // A SET ROLE in the plan acts with other rights; the statement itself is then the judge.
    const bool other_role = std::ranges::any_of(plan.steps, [](const plan::Step& s) { return !s.context.role.empty(); });
    if (!other_role) {
        const auto missing = pg::missing_rights(target.control(), needed_rights(plan));
        for (const auto& right : missing) {
            findings.push_back({Level::refusal, "rights", right.what, right.way_out, {}});
        }
        if (missing.empty()) {
            findings.push_back({Level::ok, "rights", fmt::format("role {} owns what the plan changes", target.facts().role), "", {}});
        }
    }
    return findings;
}

std::vector<Finding> check_blockers(const pg::ServerFacts& facts, const runbook::Blockers& policy) {
    if (policy.action == runbook::Blockers::Action::wait || (facts.may_signal && facts.sees_activity)) {
        return {};
    }
    // Whose transaction's age is hidden cannot be judged.
    std::vector<std::string> missing;
    if (!facts.may_signal) {
        missing.emplace_back("pg_signal_backend");
    }
    if (!facts.sees_activity) {
        missing.emplace_back("pg_read_all_stats");
    }
    return {{Level::refusal,
             "blockers",
             fmt::format("role {} may not end the sessions of others: it lacks {}", facts.role, fmt::join(missing, " and ")),
             fmt::format("GRANT {} TO {}, or leave `--blockers` at wait", fmt::join(missing, ", "), sql::quote_identifier(facts.role)),
             {}}};
}

bool refuses(const std::vector<Finding>& findings) {
    return std::ranges::any_of(findings, [](const Finding& f) { return f.level == Level::refusal; });
}

base::Error to_error(const std::vector<Finding>& findings) {
    const auto first = std::ranges::find(findings, Level::refusal, &Finding::level);
    if (first == findings.end()) {
        return {base::ErrorCode::internal, "nothing was refused"};
    }
    base::Error error(base::ErrorCode::refused, first->message);
    error.at(first->place).hint(first->hint);
    std::string others;
    for (auto f = first + 1; f != findings.end(); ++f) {
        if (f->level == Level::refusal) {
            const std::string place = base::to_string(f->place);
            others += fmt::format("{}also: {}{}{}{}", others.empty() ? "" : "\n", place, place.empty() ? "" : ": ", f->message,
                                  f->hint.empty() ? "" : " (" + f->hint + ")");
        }
    }
    return error.detail(others);
}

}  // namespace pgbelay::engine
