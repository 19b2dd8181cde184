#include "engine/row_watch.h"

#include "pg/rows.h"
#include "sql/opaque_names.h"

#include <algorithm>
#include <set>

namespace pgbelay::engine {

namespace {

constexpr std::size_t kMostCounted = 50;

}  // namespace

std::vector<catalog::Oid> RowWatch::small() const {
    std::vector<catalog::Oid> oids;
    for (const auto& table : plan_.tables) {
        if (table.small && table.use == plan::RowUse::none && table.oid != catalog::Oid{} && oids.size() < kMostCounted) {
            oids.push_back(table.oid);
        }
    }
    return oids;
}

void RowWatch::before(Target& target, Session& session, bool nothing_done) {
    const auto tables = small();
    if (tables.empty()) {
        return;
    }
    if (const auto known = row_counts(target.control(), session.key().id); !known.empty()) {
        counts_ = known;
        return;
    }
    if (counts_.empty() && nothing_done) {
        for (const auto& table : pg::count_rows(target.control(), tables)) {
            counts_.push_back({.relation = table.oid, .name = table.name, .before = table.rows, .after = {}, .note = table.why});
        }
    }
    if (!counts_.empty()) {
        session.journal().count_before(session.key(), counts_);
    }
}

RowsReport RowWatch::after(Target& target, Session& session) {
    std::vector<catalog::Oid> counted;
    for (const auto& count : counts_) {
        if (count.before) {
            counted.push_back(count.relation);
        }
    }
    if (!counted.empty()) {
        const auto now = pg::count_rows(target.control(), counted);
        for (auto& count : counts_) {
            const auto table = std::ranges::find(now, count.relation, &pg::CountedTable::oid);
            if (count.before && table != now.end()) {
                count.name = table->name;
                count.after = table->rows;
                count.note = table->why;
            } else if (count.before) {
                count.note = "it is not there any more";
            }
        }
        session.journal().count_after(session.key(), counts_);
    }
    const bool may_change = std::ranges::any_of(plan_.steps, &plan::Step::may_change_rows);
    return judge_rows(plan_, counts_, may_change ? row_deletions(target.control(), session.key().id) : std::vector<RowDeletion>{});
}

std::vector<std::string> RowWatch::failures(pg::Connection& connection, const RowsReport& rows) const {
    std::vector<catalog::Oid> written;
    for (const auto& table : plan_.tables) {
        if (table.use != plan::RowUse::none) {
            written.push_back(table.oid);
        }
    }
    std::vector<std::string> failures;
    for (const auto& table : rows.tables) {
        if (!table.lost) {
            continue;
        }
        std::set<std::string> named;
        for (const auto& step : plan_.steps) {
            if (std::ranges::find(table.deletions, step.n, &RowDeletion::n) != table.deletions.end()) {
                for (const auto& send : step.sends) {
                    named.merge(sql::identifiers_in(send.sql));
                }
            }
        }
        failures.push_back(describe_loss(table, plan_, pg::row_suspects(connection, table.oid, written, named)));
    }
    return failures;
}

}  // namespace pgbelay::engine
