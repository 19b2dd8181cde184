#include "pg/activity.h"

#include "pg/query_text.h"

#include <fmt/core.h>
#include <queries/pg.h>

#include <algorithm>

namespace pgbelay::pg {

namespace {

using catalog::LockMode;
using catalog::Oid;

std::string to_int_array(const std::vector<int>& items) {
    std::vector<std::string> texts;
    for (const int item : items) {
        texts.push_back(std::to_string(item));
    }
    return to_array(texts);
}

std::optional<base::Millis> age(const Result& rows, int row, int column) {
    return rows.is_null(row, column) ? std::nullopt : std::optional(base::Millis(rows.big(row, column)));
}

// The columns of a backend stand in the same order in every query, from `first` on.
constexpr int kBackendColumns = 14;
Backend read_backend(const Result& rows, int row, int first) {
    Backend backend;
    backend.pid = rows.integer(row, first);
    backend.gid = rows.text(row, first + 1);
    backend.user = rows.text(row, first + 2);
    backend.application = rows.text(row, first + 3);
    backend.client = rows.text(row, first + 4);
    backend.type = rows.text(row, first + 5);
    backend.state = rows.text(row, first + 6);
    backend.wait_event = rows.text(row, first + 8);
    backend.transaction_age = age(rows, row, first + 9);
    backend.state_age = age(rows, row, first + 10);
    backend.hidden = rows.boolean(row, first + 11);
    backend.started = rows.text(row, first + 12);
    backend.transaction_started = rows.text(row, first + 13);
    backend.query = backend.hidden ? "" : shown_query(rows.text(row, first + 7));
    return backend;
}

constexpr LockMode kAllModes[] = {
    LockMode::access_share, LockMode::row_share,           LockMode::row_exclusive, LockMode::share_update_exclusive,
    LockMode::share,        LockMode::share_row_exclusive, LockMode::exclusive,     LockMode::access_exclusive};

// The strongest mode of each session on each relation, holding apart from waiting.
void add_strongest(std::vector<Holder>& holders, Holder holder) {
    const auto same = std::find_if(holders.begin(), holders.end(), [&](const Holder& other) {
        return other.backend.pid == holder.backend.pid && other.backend.gid == holder.backend.gid && other.relation == holder.relation &&
               other.granted == holder.granted;
    });
    if (same == holders.end()) {
        holders.push_back(std::move(holder));
    } else if (same->mode < holder.mode) {
        same->mode = holder.mode;
    }
}

// What share of a build lies before and after a phase, by what phases usually cost. The access methods without phases of
// their own report "building index" alone.
struct Phase {
    std::string_view name;
    double begin;
    double end;
    enum class Unit { none, blocks, tuples, lockers } unit;
};
constexpr Phase kPhases[] = {
    {"initializing", 0, 0.01, Phase::Unit::none},
    {"waiting for writers before build", 0.01, 0.02, Phase::Unit::lockers},
    {"building index", 0.02, 0.75, Phase::Unit::blocks},
    {"building index: initializing", 0.02, 0.03, Phase::Unit::none},
    {"building index: scanning table", 0.03, 0.45, Phase::Unit::blocks},
    {"building index: sorting live tuples", 0.45, 0.54, Phase::Unit::none},
    {"building index: sorting dead tuples", 0.54, 0.55, Phase::Unit::none},
    {"building index: loading tuples in tree", 0.55, 0.75, Phase::Unit::tuples},
    {"waiting for writers before validation", 0.75, 0.76, Phase::Unit::lockers},
    {"index validation: scanning index", 0.76, 0.80, Phase::Unit::blocks},
    {"index validation: sorting tuples", 0.80, 0.84, Phase::Unit::none},
    {"index validation: scanning table", 0.84, 0.97, Phase::Unit::blocks},
    {"waiting for old snapshots", 0.97, 0.98, Phase::Unit::lockers},
    {"waiting for readers before marking dead", 0.98, 0.99, Phase::Unit::lockers},
    {"waiting for readers before dropping", 0.99, 1.0, Phase::Unit::lockers},
};

double share(std::int64_t done, std::int64_t total) {
    return total <= 0 ? 0.0 : std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
}

double share_of_phase(const BuildProgress& progress, Phase::Unit unit) {
    switch (unit) {
        case Phase::Unit::none: return 0;
        case Phase::Unit::blocks: return share(progress.blocks_done, progress.blocks_total);
        case Phase::Unit::tuples: return share(progress.tuples_done, progress.tuples_total);
        case Phase::Unit::lockers: return share(progress.lockers_done, progress.lockers_total);
    }
    return 0;
}

}  // namespace

double build_fraction(const BuildProgress& progress) {
    // Hash and other methods add words of their own after "building index: ".
    const auto exact =
        std::find_if(std::begin(kPhases), std::end(kPhases), [&](const Phase& phase) { return phase.name == progress.phase; });
    const bool other_method = exact == std::end(kPhases) && progress.phase.starts_with("building index");
    if (exact == std::end(kPhases) && !other_method) {
        return 0;
    }
    const Phase& phase = other_method ? kPhases[2] : *exact;
    return std::min(phase.end, phase.begin + (phase.end - phase.begin) * share_of_phase(progress, phase.unit));
}

std::vector<Holder> holders(Connection& connection, const std::vector<WantedLock>& wanted, const std::vector<int>& ours) {
    std::vector<std::string> relations;
    std::vector<std::string> modes;
    for (const WantedLock& lock : wanted) {
        for (const LockMode mode : kAllModes) {
            if (catalog::conflicts(lock.mode, mode)) {
                relations.push_back(std::to_string(static_cast<std::uint32_t>(lock.relation)));
                modes.emplace_back(catalog::pg_name(mode));
            }
        }
    }
    const Result rows = connection.query(queries::kFindHolders, {to_array(relations), to_array(modes), to_int_array(ours)});
    std::vector<Holder> found;
    for (int row = 0; row < rows.rows(); ++row) {
        Holder holder;
        holder.relation = Oid(static_cast<std::uint32_t>(rows.big(row, 0)));
        holder.mode = catalog::lock_mode(rows.text(row, 1)).value_or(LockMode::access_exclusive);
        holder.granted = rows.boolean(row, 2);
        holder.backend = read_backend(rows, row, 3);
        add_strongest(found, std::move(holder));
    }
    // Those who have been in the way for the longest time come first.
    std::stable_sort(found.begin(), found.end(), [](const Holder& a, const Holder& b) {
        return a.granted != b.granted
                   ? a.granted
                   : a.backend.transaction_age.value_or(base::Millis(0)) > b.backend.transaction_age.value_or(base::Millis(0));
    });
    return found;
}

std::vector<Backend> blockers_of(Connection& connection, int pid) {
    const Result rows = connection.query(queries::kFindBlockers, {std::to_string(pid)});
    std::vector<Backend> backends;
    for (int row = 0; row < rows.rows(); ++row) {
        backends.push_back(read_backend(rows, row, 0));
        backends.back().waits = rows.boolean(row, kBackendColumns);
    }
    return backends;
}

void recognise(Connection& connection, std::vector<Backend>& backends) {
    std::vector<int> pids;
    for (const Backend& backend : backends) {
        if (backend.pid != 0) {
            pids.push_back(backend.pid);
        }
    }
    if (pids.empty()) {
        return;
    }
    const Result rows = connection.query(queries::kRecognise, {to_int_array(pids)});
    for (int row = 0; row < rows.rows(); ++row) {
        for (Backend& backend : backends) {
            if (backend.pid == rows.integer(row, 0)) {
                backend.tool = rows.text(row, 1);
                backend.builds = rows.boolean(row, 2);
            }
        }
    }
}

BlockedBy blocked_by(Connection& connection, const std::vector<int>& pids) {
    const Result row = connection.query(queries::kBlockedBy, {to_int_array(pids)});
    return {.sessions = row.integer(0, 0), .longest = base::Millis(row.big(0, 1))};
}

std::optional<BuildProgress> build_progress(Connection& connection, int pid) {
    const Result row = connection.query(queries::kBuildProgress, {std::to_string(pid)});
    if (row.rows() == 0) {
        return std::nullopt;
    }
    BuildProgress progress;
    progress.phase = row.text(0, 0);
    progress.blocks_done = row.big(0, 1);
    progress.blocks_total = row.big(0, 2);
    progress.tuples_done = row.big(0, 3);
    progress.tuples_total = row.big(0, 4);
    progress.lockers_done = row.big(0, 5);
    progress.lockers_total = row.big(0, 6);
    progress.locker_pid = row.integer(0, 7);
    progress.fraction = build_fraction(progress);
    return progress;
}

std::vector<Builder> builders_on(Connection& connection, Oid table, const std::vector<int>& ours) {
    const Result rows = connection.query(queries::kFindBuilders, {std::to_string(static_cast<std::uint32_t>(table)), to_int_array(ours),
                                                                  std::to_string(AdvisoryKeys::kWorker)});
    std::vector<Builder> builders;
    for (int row = 0; row < rows.rows(); ++row) {
        Builder& builder = builders.emplace_back();
        builder.backend = read_backend(rows, row, 0);
        if (!rows.is_null(row, kBackendColumns)) {
            builder.run = rows.big(row, kBackendColumns);
        }
    }
    return builders;
}

Sample sample(Connection& connection, const std::vector<int>& ours) {
    const Result row = connection.query(queries::kSample, {to_int_array(ours)});
    Sample sample;
    if (row.rows() == 0) {
        sample.hidden = true;
        return sample;
    }
    sample.blocked_sessions = row.integer(0, 0);
    sample.blocked_by_us = row.integer(0, 1);
    sample.active_sessions = row.integer(0, 2);
    sample.hidden = row.boolean(0, 7);
    if (!sample.hidden) {
        sample.replication_lag_bytes = row.is_null(0, 8) ? std::nullopt : std::optional<std::int64_t>(row.big(0, 8));
        sample.oldest_transaction = age(row, 0, 3);
        sample.replication_lag = age(row, 0, 4);
    }
    sample.rollbacks = row.big(0, 5);
    sample.deadlocks = row.big(0, 6);
    return sample;
}

}  // namespace pgbelay::pg
