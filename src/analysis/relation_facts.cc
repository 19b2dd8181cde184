#include "analysis/relation_facts.h"

#include "base/size.h"
#include "sql/quote.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgbelay::analysis {

namespace {

// Large values are read and written along with their rows.
std::int64_t stored(const catalog::Relation& relation) {
    return relation.bytes + relation.toast_bytes;
}

}  // namespace

void add_lock(std::vector<RelationLock>& locks, const RelationLock& lock) {
    const auto there = std::find_if(locks.begin(), locks.end(), [&](const RelationLock& l) { return l.relation == lock.relation; });
    if (there == locks.end()) {
        locks.push_back(lock);
        return;
    }
    there->mode = std::max(there->mode, lock.mode);
    there->only = there->only && lock.only;
}

namespace {

bool is_temporary(const QualifiedName& name) {
    return name.schema == catalog::kTemporarySchema;
}

}  // namespace

void LockFacts::add(const RelationLock& lock, Reason reason) {
    if (is_temporary(lock.relation)) {
        return;
    }
    const auto there = std::find_if(items_.begin(), items_.end(), [&](const RelationLock& l) { return l.relation == lock.relation; });
    if (there == items_.end()) {
        append(lock, reason);
        return;
    }
    if (there->mode < lock.mode) {
        reasons_[static_cast<std::size_t>(there - items_.begin())] = reason;
        there->mode = lock.mode;
    }
    there->only = there->only && lock.only;
}

void LockFacts::add_all(const LockFacts& others) {
    for (std::size_t i = 0; i < others.size(); ++i) {
        add(others[i], others.reason(i));
    }
}

void NameFacts::add(const QualifiedName& name, Reason reason) {
    if (is_temporary(name)) {
        return;
    }
    const auto there = std::find(items_.begin(), items_.end(), name);
    if (there == items_.end()) {
        append(name, reason);
        return;
    }
    Reason& known = reasons_[static_cast<std::size_t>(there - items_.begin())];
    if (explain(known).work < explain(reason).work) {
        known = reason;
    }
}

void NameFacts::add_all(const NameFacts& others) {
    for (std::size_t i = 0; i < others.size(); ++i) {
        add(others[i], others.reason(i));
    }
}

void add_name(std::vector<QualifiedName>& names, const QualifiedName& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(name);
    }
}

QualifiedName found_name(const catalog::Catalog& catalog, const QualifiedName& written) {
    const catalog::Relation* relation = catalog.find(written);
    return relation == nullptr ? catalog.resolve(written) : relation->name;
}

RelationLock lock_on(const Context& ctx, const QualifiedName& relation, LockMode mode) {
    const QualifiedName name = found_name(ctx.now, relation);
    const catalog::Relation* before = ctx.base.find(name);
    const bool table = before != nullptr && (before->kind == 'r' || before->kind == 'p');
    return {.relation = name, .mode = mode, .lockable = table && before->owned_by_us && !before->created_by_plan, .only = true};
}

bool is_fresh(const Context& ctx, const QualifiedName& relation) {
    const catalog::Relation* now = ctx.now.find(relation);
    return now != nullptr && now->created_by_plan;
}

bool is_tiny(const Context& ctx, const QualifiedName& relation) {
    const catalog::Relation* now = ctx.now.find(relation);
    if (now == nullptr) {
        return false;
    }
    if (now->created_by_plan) {
        return true;
    }
    // Many small partitions are one large table.
    std::int64_t bytes = now->kind == 'p' ? 0 : stored(*now);
    for (const QualifiedName& child : descendants(ctx, relation)) {
        const catalog::Relation* found = ctx.now.find(child);
        if (found == nullptr) {
            return false;
        }
        bytes += found->kind == 'p' || found->created_by_plan ? 0 : stored(*found);
    }
    return bytes < ctx.tiny || (now->kind == 'p' && bytes == 0);
}

std::vector<QualifiedName> sequences_in_default(const catalog::Column& column) {
    const std::string expression = column.default_expression.value_or("");
    return expression.find("nextval(") == std::string::npos ? std::vector<QualifiedName>{}
                                                            : sql::sequences_called(sql::read_statement("SELECT " + expression));
}

bool is_partitioned(const Context& ctx, const QualifiedName& relation) {
    const catalog::Relation* now = ctx.now.find(relation);
    return now != nullptr && now->kind == 'p';
}

std::vector<QualifiedName> descendants(const Context& ctx, const QualifiedName& relation) {
    std::vector<QualifiedName> all;
    std::vector<QualifiedName> level = {relation};
    while (!level.empty()) {
        std::vector<QualifiedName> next;
        for (const QualifiedName& parent : level) {
            const catalog::Relation* found = ctx.now.find(parent);
            if (found == nullptr) {
                continue;
            }
            for (const QualifiedName& child : found->children) {
                if (std::find(all.begin(), all.end(), child) != all.end()) {
                    continue;
                }
                all.push_back(child);
                next.push_back(child);
            }
        }
        level = std::move(next);
    }
    return all;
}

std::vector<QualifiedName> storages(const Context& ctx, const QualifiedName& relation, bool recurses) {
    std::vector<QualifiedName> all = {found_name(ctx.now, relation)};
    if (recurses) {
        for (const QualifiedName& child : descendants(ctx, relation)) {
            all.push_back(child);
        }
    }
    std::erase_if(all, [&](const QualifiedName& name) { return is_partitioned(ctx, name); });
    return all;
}

std::string size_reason(const Context& ctx, const QualifiedName& relation) {
    const catalog::Relation* now = ctx.now.find(relation);
    if (now == nullptr) {
        return fmt::format("the size of {} is not known", sql::quote_name(relation));
    }
    std::int64_t bytes = stored(*now);
    for (const QualifiedName& child : descendants(ctx, relation)) {
        if (const catalog::Relation* found = ctx.now.find(child)) {
            bytes += stored(*found);
        }
    }
    return fmt::format("{} is {}", sql::quote_name(now->name), base::format_bytes(bytes));
}

}  // namespace pgbelay::analysis
