#include "engine/requirements.h"

#include "engine/answer.h"
#include "engine/approvals.h"
#include "engine/disk.h"
#include "engine/elsewhere.h"
#include "engine/journal/journal.h"
#include "pg/standing.h"
#include "plan/session.h"
#include "runbook/requirements.h"
#include "sql/quote.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbelay::engine {
namespace {

using Kind = runbook::Requirement::Kind;
using Level = Finding::Level;
using Verdict = plan::GateRecord::Verdict;

constexpr const char* kGate = "require";
constexpr base::Millis kCountingTime{10'000};
constexpr std::size_t kMostNamed = 5;

// The first few of them, and how many more there are.
std::string some_of(const std::vector<std::string>& items) {
    const std::size_t shown = std::min(items.size(), kMostNamed);
    std::string words = fmt::format("{}", fmt::join(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(shown), "; "));
    return items.size() > shown ? words + fmt::format("; and {} more", items.size() - shown) : words;
}

// '*' stands for any number of characters.
bool matches(std::string_view text, std::string_view pattern) {
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) {
        return text == pattern;
    }
    if (!text.starts_with(pattern.substr(0, star))) {
        return false;
    }
    const std::string_view rest = pattern.substr(star + 1);
    for (std::size_t from = star; from <= text.size(); ++from) {
        if (matches(text.substr(from), rest)) {
            return true;
        }
    }
    return false;
}

std::string_view kind_name(char kind) {
    switch (kind) {
        case 'i':
        case 'I': return "an index";
        case 'S': return "a sequence";
        case 'v': return "a view";
        case 'm': return "a materialized view";
        case 'c': return "a composite type";
        default: return "a table";
    }
}

bool is_table(char kind) {
    return std::string_view("rpvmf").find(kind) != std::string_view::npos;
}

// Asks the requirements one by one.
class Questions {
public:
    Questions(Target& target, const runbook::Runbook& runbook, const Prepared& prepared)
        : target_(target),
          runbook_(runbook),
          prepared_(prepared),
          connection_(target.control()),
          search_path_(plan::split_path(connection_.default_search_path(), target.facts().role)) {}

    Answer ask(const runbook::Requirement& r) {
        switch (r.kind) {
            case Kind::postgres: return postgres(r);
            case Kind::database: return one_of(r, target_.facts().database, "the database is ");
            case Kind::host: return host(r);
            case Kind::extension: return extension(r);
            case Kind::table: return table(r);
            case Kind::column: return column(r);
            case Kind::no_relation: return no_relation(r);
            case Kind::no_column: return no_column(r);
            case Kind::rows: return rows(r);
            case Kind::invalid_indexes: return invalid_indexes();
            case Kind::oldest_prepared: return oldest_prepared(r);
            case Kind::oldest_idle: return oldest_idle(r);
            case Kind::connections: return connections(r);
            case Kind::replication_lag: return replication_lag(r);
            case Kind::approvals: return approved(r, prepared_.plan.digest, target_.stop());
            case Kind::deployed_on: return deployed_on(target_, runbook_, r);
            case Kind::after: return deployed_after(target_, r);
            case Kind::same_as: return same_as(target_, runbook_, r);
            case Kind::disk_free: return enough_disk(target_, prepared_.new_storage, r);
        }
        return {};
    }

private:
    Answer postgres(const runbook::Requirement& r) const {
        const std::string& version = target_.facts().version_text;
        return {r.range.holds(runbook::version_parts(version)), "the server is PostgreSQL " + version,
                "deploy to a server of such a version"};
    }

    static Answer one_of(const runbook::Requirement& r, const std::string& found, const std::string& words) {
        const bool holds = std::ranges::any_of(r.any_of, [&](const std::string& pattern) { return matches(found, pattern); });
        return {holds, words + found, "is this the database that you mean? look at --db, --env and $DATABASE_URL"};
    }

    // The name by which the server was reached, and its own address, since either may be what a person writes.
    Answer host(const runbook::Requirement& r) const {
        const std::string name = connection_.host_name();
        const std::string& address = target_.facts().address;
        Answer answer = one_of(r, name, "");
        answer.holds = answer.holds || one_of(r, address, "").holds || one_of(r, address.substr(0, address.rfind(':')), "").holds;
        answer.found = "the server is " + (name == address ? name : fmt::format("{} ({})", name, address));
        return answer;
    }

    Answer extension(const runbook::Requirement& r) {
        if (!extensions_) {
            extensions_ = pg::extension_versions(connection_);
        }
        const std::string name = sql::quote_identifier(r.subject);
        const auto found = extensions_->find(r.subject);
        if (found == extensions_->end()) {
            return {false, "it is not installed", fmt::format("CREATE EXTENSION {}", name)};
        }
        const auto parts = runbook::version_parts(found->second);
        if (parts.empty() && !r.range.bounds.empty()) {
            return {false, fmt::format("its version is \"{}\", which cannot be compared", found->second),
                    "write any, and see to it yourself"};
        }
        return {r.range.holds(parts), "it is " + found->second, fmt::format("ALTER EXTENSION {} UPDATE", name)};
    }

    pg::NamedRelation relation(const runbook::Requirement& r) { return pg::named_relations(connection_, {r.name}, search_path_).front(); }

    Answer table(const runbook::Requirement& r) {
        const pg::NamedRelation found = relation(r);
        if (found.oid == catalog::Oid{}) {
            return {false, "it is not there", "is this the right database, and is what comes before this runbook deployed?"};
        }
        return {is_table(found.kind), fmt::format("{} is {}", sql::quote_name(found.name), kind_name(found.kind)),
                "name a table or a view"};
    }

    Answer column(const runbook::Requirement& r) {
        const pg::NamedRelation found = relation(r);
        if (found.oid == catalog::Oid{}) {
            return {false, "its table is not there", "is this the right database, and is what comes before this runbook deployed?"};
        }
        const bool there = std::ranges::find(found.columns, r.column) != found.columns.end();
        return {there, there ? "it is there" : fmt::format("{} has no such column", sql::quote_name(found.name)),
                "deploy what adds it first"};
    }

    Answer no_relation(const runbook::Requirement& r) {
        const pg::NamedRelation found = relation(r);
        const bool there = found.oid != catalog::Oid{};
        return {!there, there ? fmt::format("{} is {}", sql::quote_name(found.name), kind_name(found.kind)) : "there is none",
                "rename it, or drop it if it is left over"};
    }

    Answer no_column(const runbook::Requirement& r) {
        const pg::NamedRelation found = relation(r);
        if (found.oid == catalog::Oid{}) {
            return {false, "its table is not there", "is this the right database?"};
        }
        const bool there = std::ranges::find(found.columns, r.column) != found.columns.end();
        return {!there, there ? fmt::format("{} has that column", sql::quote_name(found.name)) : "there is none",
                "was this deployed by hand? then `pgbelay mark` it"};
    }

    Answer rows(const runbook::Requirement& r) {
        const pg::NamedRelation found = relation(r);
        if (found.oid == catalog::Oid{} || !is_table(found.kind)) {
            return {false, "there is no such table", "is this the database that you mean?"};
        }
        // One more than any bound tells on which side of it the number is.
        std::int64_t most = 0;
        for (const auto& bound : r.range.bounds) {
            most = std::max(most, bound.parts.front() + 1);
        }
        const pg::BoundedCount counted = pg::count_up_to(connection_, found.name, most, kCountingTime);
        if (!counted.rows) {
            return {false, "not counted: " + counted.why, "require fewer: no more rows are counted than the range needs"};
        }
        const std::string at_least = *counted.rows == most ? "at least " : "";
        return {r.range.holds(*counted.rows), fmt::format("there are {}{}", at_least, *counted.rows),
                "is this the database that you mean? look at --db, --env and $DATABASE_URL"};
    }

    Answer invalid_indexes() {
        const auto found = pg::invalid_indexes(connection_);
        return {found.empty(), found.empty() ? "there is none" : some_of(found),
                "REINDEX INDEX CONCURRENTLY each, or DROP INDEX CONCURRENTLY what a failed build left"};
    }

    static Answer oldest(const std::vector<pg::OldTransaction>& found, const std::string& hint) {
        std::vector<std::string> words;
        for (const auto& transaction : found) {
            words.push_back(fmt::format("{} for {}", transaction.who, base::format_duration(transaction.age)));
        }
        return {found.empty(), found.empty() ? "there is none" : some_of(words), hint};
    }

    Answer hidden() const {
        return {false, "hidden from this role", fmt::format("GRANT pg_read_all_stats TO {}", sql::quote_identifier(target_.facts().role))};
    }

    Answer oldest_prepared(const runbook::Requirement& r) {
        return oldest(pg::prepared_transactions(connection_, r.time), "COMMIT PREPARED or ROLLBACK PREPARED each, in this database");
    }

    Answer oldest_idle(const runbook::Requirement& r) {
        return target_.facts().sees_activity
                   ? oldest(pg::idle_transactions(connection_, r.time), "let them end, or SELECT pg_terminate_backend(pid)")
                   : hidden();
    }

    Answer connections(const runbook::Requirement& r) {
        const pg::ConnectionCount now = pg::connection_count(connection_);
        const bool holds = std::ranges::all_of(r.range.bounds, [&](const runbook::Range::Bound& bound) {
            // In percent of the whole, without rounding: 80 of 100 is not below 80%.
            const std::int64_t limit = bound.parts.front();
            const std::int64_t left = bound.percent ? now.used * 100 : now.used;
            const std::int64_t right = bound.percent ? limit * now.most : limit;
            return bound.op == runbook::Range::Operator::less ? left < right : left <= right;
        });
        return {holds, fmt::format("there are {} of {}", now.used, now.most), "wait for a quieter time, or close what is not needed"};
    }

    Answer replication_lag(const runbook::Requirement& r) {
        if (!target_.facts().sees_activity) {
            return hidden();
        }
        const auto lags = pg::standby_lag(connection_);
        if (lags.empty()) {
            return {true, "no standby is connected", ""};
        }
        return {lags.front().lag <= r.time, fmt::format("{} is {} behind", lags.front().standby, base::format_duration(lags.front().lag)),
                "wait until it has caught up"};
    }

    Target& target_;
    const runbook::Runbook& runbook_;
    const Prepared& prepared_;
    pg::Connection& connection_;
    std::vector<std::string> search_path_;
    std::optional<std::map<std::string, std::string>> extensions_;
};

Finding finding_of(Questions& questions, const runbook::Requirement& r) {
    Finding finding{.gate = kGate, .place = r.place};
    Answer answer;
    if (r.missing.empty()) {
        answer = questions.ask(r);
    } else {
        answer = {false, fmt::format("the variable {} is not set", r.missing), "set it, or give a default: ${NAME:-default}"};
    }
    finding.level = answer.holds ? Level::ok : Level::refusal;
    finding.message = fmt::format("{}: {}", runbook::describe(r), answer.found);
    finding.hint = answer.holds ? "" : answer.hint;
    return finding;
}

// Why nothing is required any more; "" when it is.
std::string why_not_asked(Target& target, const plan::Plan& plan) {
    if (std::ranges::all_of(plan.steps, [](const plan::Step& step) { return step.skip.has_value(); })) {
        return "nothing is left to run: no requirement is asked";
    }
    if (!journal_state(target.control()).journal) {
        return "";
    }
    const auto unfinished = unfinished_run(target.control(), target.facts());
    if (!unfinished || unfinished->digest != plan.digest || unfinished->kind != "deploy") {
        return "";
    }
    // Checks that were done, and what was skipped, are no work yet.
    const auto done = Journal(target.control()).steps_done({.id = unfinished->id});
    const bool worked = std::ranges::any_of(done, [&](const auto& entry) {
        const plan::Step* step = plan::find_step(plan, entry.first);
        return entry.second != StepResult::skipped && (step == nullptr || !step->only_looks());
    });
    if (!worked) {
        return "";
    }
    return fmt::format("run {} of this deployment has begun its work: its requirements held then", unfinished->id);
}

Verdict verdict_of(Level level) {
    switch (level) {
        case Level::ok: return Verdict::holds;
        case Level::later: return Verdict::not_asked;
        case Level::warning: return Verdict::warning;
        case Level::refusal: return Verdict::refused;
    }
    return Verdict::refused;
}

}  // namespace

std::vector<Finding> check_requirements(Target& target, const runbook::Runbook& runbook, const Prepared& prepared) {
    if (runbook.requirements.empty()) {
        return {};
    }
    const pg::Heeding heeding(target.control(), target.stop());
    std::vector<Finding> findings;
    if (std::string why = why_not_asked(target, prepared.plan); !why.empty()) {
        findings.push_back({Level::ok, kGate, std::move(why), "", {}});
    } else {
        Questions questions(target, runbook, prepared);
        for (const auto& requirement : runbook.requirements) {
            findings.push_back(finding_of(questions, requirement));
        }
    }
    return findings;
}

void record_gates(plan::Plan& plan, const std::vector<Finding>& findings) {
    plan.gates.clear();
    for (const Finding& finding : findings) {
        plan.gates.push_back({finding.gate, finding.place, verdict_of(finding.level), finding.message});
    }
}

std::vector<plan::GateRecord> requirements_to_come(const runbook::Runbook& runbook) {
    std::vector<plan::GateRecord> records;
    for (const auto& requirement : runbook.requirements) {
        records.push_back({kGate, requirement.place, Verdict::not_asked, runbook::describe(requirement)});
    }
    return records;
}

}  // namespace pgbelay::engine
