#include "plan/estimate.h"

#include <algorithm>
#include <optional>

namespace pgbelay::plan {

namespace {

using analysis::Work;
using catalog::QualifiedName;

bool contains(const std::vector<QualifiedName>& names, const QualifiedName& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// What the table stores out of line moves with it when it is written anew, and is seldom looked at otherwise.
std::int64_t own_bytes(const catalog::Relation& relation, Work work) {
    constexpr std::int64_t kSample = 30'000 * std::int64_t{8192};  // pages that ANALYZE takes with default_statistics_target
    if (work == Work::sample) {
        return std::min(relation.bytes, kSample);
    }
    return relation.bytes + (work == Work::rewrite || work == Work::update ? relation.toast_bytes : 0);
}

class Estimating {
public:
    Estimating(const catalog::Catalog& catalog, const analysis::Facts& facts) : catalog_(catalog), facts_(facts) {}

    Estimate of(std::string_view kind);

private:
    void add_rewrites();
    void add_scans();
    void add_locks();
    void add(const QualifiedName& name, Work work, bool below);
    void add_index(const QualifiedName& name);
    void add_bytes(Work work, std::int64_t bytes);
    std::vector<QualifiedName> with_descendants(const QualifiedName& name) const;
    bool is_worked_on(const QualifiedName& name) const;

    const catalog::Catalog& catalog_;
    const analysis::Facts& facts_;
    Estimate estimate_;
};

void Estimating::add_bytes(Work work, std::int64_t bytes) {
    const auto there = std::ranges::find(estimate_.parts, work, &Estimate::Part::work);
    if (there != estimate_.parts.end()) {
        there->bytes += bytes;
    } else if (bytes > 0) {
        estimate_.parts.push_back({work, bytes});
    }
}

std::vector<QualifiedName> Estimating::with_descendants(const QualifiedName& name) const {
    std::vector<QualifiedName> all{name};
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto* relation = catalog_.find(all[i]);
        for (const auto& child : relation == nullptr ? std::vector<QualifiedName>{} : *relation->children) {
            if (!contains(all, child)) {
                all.push_back(child);
            }
        }
    }
    return all;
}

void Estimating::add(const QualifiedName& name, Work work, bool below) {
    const auto* whole = catalog_.find(name);
    const bool all = below || (whole != nullptr && whole->kind == 'p');
    for (const auto& each : all ? with_descendants(name) : std::vector{name}) {
        const auto* relation = catalog_.find(each);
        if (relation == nullptr) {
            if (!contains(estimate_.unknown, each)) {
                estimate_.unknown.push_back(each);
            }
        } else {
            add_bytes(work, own_bytes(*relation, work));
        }
    }
}

void Estimating::add_index(const QualifiedName& name) {
    if (const auto* index = catalog_.find_index(name)) {
        add_bytes(Work::rebuild_index, index->bytes);
    } else if (!contains(estimate_.unknown, name)) {
        estimate_.unknown.push_back(name);
    }
}

void Estimating::add_rewrites() {
    for (std::size_t i = 0; i < facts_.rewrites.size(); ++i) {
        const Work work = analysis::explain(facts_.rewrites.reason(i)).work;
        if (work == Work::rebuild_index) {
            add_index(facts_.rewrites[i]);
        } else if (work != Work::none) {
            add(facts_.rewrites[i], work, false);
        }
    }
}

// Rows that are copied anyway are checked in the same pass; an index is built in one of its own.
void Estimating::add_scans() {
    for (std::size_t i = 0; i < facts_.scans.size(); ++i) {
        const Work work = analysis::explain(facts_.scans.reason(i)).work;
        const bool in_passing = work != Work::build_index && contains(facts_.rewrites, facts_.scans[i]);
        if (!in_passing) {
            add(facts_.scans[i], work, work == Work::update);
        }
    }
}

bool Estimating::is_worked_on(const QualifiedName& name) const {
    const auto all = with_descendants(name);
    return std::ranges::any_of(all, [&](const auto& each) { return contains(facts_.scans, each) || contains(facts_.rewrites, each); });
}

// What is done to a relation that the facts do not call read or written: VACUUM, or an index over a column whose type changes, which is
// made again when its table is written anew.
void Estimating::add_locks() {
    for (std::size_t i = 0; i < facts_.locks.size(); ++i) {
        const QualifiedName& name = facts_.locks[i].relation;
        const Work work = analysis::explain(facts_.locks.reason(i)).work;
        if (work == Work::wait) {
            estimate_.waits = true;
        } else if (work == Work::rebuild_index) {
            const auto* index = catalog_.find_index(name);
            if (index != nullptr && contains(facts_.rewrites, index->table) && !contains(facts_.rewrites, name)) {
                add_index(name);
            }
        } else if (work != Work::none && !is_worked_on(name)) {
            add(name, work, true);
        }
    }
}

Estimate Estimating::of(std::string_view kind) {
    const bool changes_rows = !facts_.writes.empty() && facts_.rewrites.empty() && facts_.scans.empty();
    const bool names_nothing = facts_.locks.empty() && (kind == "ReindexStmt" || kind == "VacuumStmt");
    const bool runs_a_query = kind == "SelectStmt" || kind == "CopyStmt" || kind == "CallStmt";
    estimate_.by_rows = facts_.opaque || changes_rows || names_nothing || runs_a_query;
    add_rewrites();
    add_scans();
    add_locks();
    return estimate_;
}

}  // namespace

// Measured with PostgreSQL 15 on a private server: 2 cores that others used too, a virtual disk, shared_buffers of 128 MB, a table of 5
// million rows and 630 MB, which the cache of the operating system held. Seen were, in MB/s: 195 to 520 for a CHECK, SET NOT NULL or a
// count; 27 to 36 for ADD FOREIGN KEY; 14 (ADD COLUMN … DEFAULT random()), 32 (another type) and 36 to 60 (VACUUM FULL, SET LOGGED)
// for a new file; 18 to 37 for UPDATE without an index; 116 to 127 (a bigint in order) and 21 to 23 (a text in none) for CREATE INDEX,
// 56 to 75 of the first CONCURRENTLY; and 10 to 21 of the index for REINDEX. Taken is the lower end, since disks are slower than caches.
double bytes_per_second(Work work) {
    switch (work) {
        case Work::sample:
        case Work::read: return 200e6;
        case Work::read_twice: return 100e6;
        case Work::look_up:
        case Work::rewrite: return 30e6;
        case Work::update: return 15e6;
        case Work::build_index_twice:
        case Work::rebuild_index: return 10e6;
        case Work::none:
        case Work::wait:
        case Work::build_index: break;
    }
    return 20e6;
}

std::int64_t Estimate::bytes() const {
    std::int64_t all = 0;
    for (const Part& part : parts) {
        all += part.bytes;
    }
    return all;
}

double Estimate::seconds() const {
    double all = 0;
    for (const Part& part : parts) {
        all += static_cast<double>(part.bytes) / bytes_per_second(part.work);
    }
    return all;
}

Estimate estimate(const catalog::Catalog& catalog, const analysis::Facts& facts, std::string_view kind) {
    return Estimating(catalog, facts).of(kind);
}

}  // namespace pgbelay::plan
