#include "runbook/items.h"

#include "base/digest.h"
#include "runbook/blockers.h"
#include "runbook/sections.h"
#include "runbook/text.h"
#include "runbook/transaction_rule.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace pgbelay::runbook {
namespace {

std::string_view name_of(TransactionRule rule) {
    return rule == TransactionRule::whole_file ? "whole_file" : "each_statement";
}

// goose sends what stands between StatementBegin and StatementEnd as one query. Within the file's transaction several statements in it are
// what they are outside; without one they would be a transaction of their own, which nothing here shows.
void refuse_groups_in_blocks(const Section& section, const std::vector<sql::Statement>& statements) {
    for (const auto& [begin, end] : section.blocks) {
        int inside = 0;
        for (const sql::Statement& statement : statements) {
            inside += statement.place.line > begin && statement.place.line < end ? 1 : 0;
            if (inside > 1 && !section.transaction) {
                throw input_error("several statements between StatementBegin and StatementEnd in a file without a transaction",
                                  statement.place)
                    .hint("give each its own StatementBegin and StatementEnd, or write BEGIN and COMMIT");
            }
        }
    }
}

void read_sections(const MigrationFile& migration, const Sections& sections, const ReadOptions& options, SqlItem& item) {
    sql::Script up = sql::read_script(sections.up.bytes, migration.path, {}, sections.up.first_line, options.stop);
    refuse_groups_in_blocks(sections.up, up.statements);
    item.rule = transaction_rule(migration.layout, sections.up.transaction, up.statements);
    item.statements = std::move(up.statements);
    item.trailing_echoes = std::move(up.trailing_echoes);
    if (!sections.down) {
        return;
    }
    sql::Script down = sql::read_script(sections.down->bytes, migration.path, {}, sections.down->first_line, options.stop);
    refuse_groups_in_blocks(*sections.down, down.statements);
    item.rollback_rule = transaction_rule(migration.layout, sections.down->transaction, down.statements);
    item.rollback = std::move(down.statements);
    if (!item.rollback.empty()) {
        item.rollback_from = fmt::format("{}:{}", migration.path, sections.down->first_line - 1);
    }
}

void read_whole(const MigrationFile& migration, const ReadOptions& options, SqlItem& item) {
    sql::Script script = sql::read_script(migration.bytes, migration.path, options.variables, 1, options.stop);
    item.rule = transaction_rule(migration.layout, migration.transaction, script.statements);
    item.statements = std::move(script.statements);
    item.trailing_echoes = std::move(script.trailing_echoes);
    if (migration.rollback) {
        sql::Script rollback = sql::read_script(migration.rollback->bytes, migration.rollback->path, options.variables, 1, options.stop);
        item.rollback_rule = transaction_rule(migration.layout, migration.transaction, rollback.statements);
        item.rollback = std::move(rollback.statements);
        item.rollback_from = item.rollback.empty() ? "" : migration.rollback->path;
    }
}

// Not jobs and stuck_after: they say how fast, and who approved a change need not do so again for that.
void add_limits(base::DigestBuilder& digest, const Limits& limits) {
    for (const base::Millis value : {limits.lock_timeout, limits.hold, limits.deadline, limits.statement_timeout}) {
        digest.add(fmt::format("{}", value.count()));
    }
    digest.add(fmt::format("{}", limits.tiny));
    // Each of these has its place in every digest, set or not.
    for (const Measure& measure : measures().first(kFirstMeasures)) {
        const GuardLimit* limit = find_limit(limits.guard, measure.name);
        digest.add(limit == nullptr ? "none" : fmt::format("{}{}", limit->most, limit->of_baseline ? "x" : ""));
    }
}

void add_new_limits(base::DigestBuilder& digest, const Limits& limits) {
    for (const GuardLimit& limit : limits.guard) {
        const bool first = find_measure(limit.name) < measures().data() + kFirstMeasures;
        if (!first || limit.action || limit.samples != 0) {
            digest.add("limit").add(limit.name).add(fmt::format("{}{}", limit.most, limit.of_baseline ? "x" : ""));
            digest.add(limit.action ? to_string(*limit.action) : "").add(fmt::format("{}", limit.samples));
        }
    }
}

}  // namespace

std::string_view verb_of(const Item& item) {
    static constexpr std::array<std::string_view, 4> kVerbs = {"sql apply", "sql check", "sql try", "confirm"};
    if (const auto* measure = std::get_if<MeasureItem>(&item.what)) {
        static constexpr std::array<std::string_view, 3> kMeasures = {"sql baseline", "sql explain", "sql probe"};
        return kMeasures.at(static_cast<std::size_t>(measure->gauge.kind));
    }
    return kVerbs.at(item.what.index());
}

namespace {

struct Forward {
    std::vector<const sql::Statement*> operator()(const SqlItem& item) const { return pointers(item.statements); }
    std::vector<const sql::Statement*> operator()(const CheckItem& item) const { return {&item.statement}; }
    std::vector<const sql::Statement*> operator()(const TryItem& item) const { return pointers(item.statements); }
    std::vector<const sql::Statement*> operator()(const ConfirmItem&) const { return {}; }
    std::vector<const sql::Statement*> operator()(const MeasureItem& item) const { return {&item.statement}; }

    static std::vector<const sql::Statement*> pointers(const std::vector<sql::Statement>& statements) {
        std::vector<const sql::Statement*> all;
        for (const sql::Statement& statement : statements) {
            all.push_back(&statement);
        }
        return all;
    }
};

}  // namespace

std::vector<const sql::Statement*> statements_of(const Item& item) {
    return std::visit(Forward(), item.what);
}

SqlItem sql_item(const MigrationFile& migration, const ReadOptions& options) {
    SqlItem item;
    switch (migration.layout) {
        case Layout::dbmate: read_sections(migration, dbmate_sections(without_bom(migration.bytes), migration.path), options, item); break;
        case Layout::goose: read_sections(migration, goose_sections(without_bom(migration.bytes), migration.path), options, item); break;
        case Layout::plain: read_whole(migration, options, item); break;
        case Layout::prisma:
        case Layout::flyway: read_whole(migration, {.stop = options.stop}, item); break;
    }
    return item;
}

File ledger_file(const MigrationFile& migration, const SqlItem& item, std::string key) {
    File file;
    file.path = migration.path;
    file.key = std::move(key);
    file.digest = digest_of(item);
    file.text = statement_text(item.statements);
    file.layout = migration.layout;
    file.version = migration.version;
    file.description = migration.description;
    if (migration.layout == Layout::prisma || migration.layout == Layout::flyway) {
        file.raw_checksum_source = migration.bytes;
    }
    return file;
}

std::string statement_text(const std::vector<sql::Statement>& statements) {
    std::string text;
    for (const sql::Statement& statement : statements) {
        text += text.empty() ? "" : ";\n";
        text += statement.sql;
        if (statement.copy_data) {
            text += ";\n" + *statement.copy_data + "\\.";
        }
    }
    return text;
}

std::string digest_of(const std::vector<sql::Statement>& statements) {
    base::DigestBuilder digest;
    for (const sql::Statement& statement : statements) {
        digest.add("statement").add(statement.sql);
        for (const sql::Directive& directive : statement.directives) {
            digest.add("directive").add(directive.name).add(directive.value);
        }
        if (statement.copy_data) {
            digest.add("data").add(*statement.copy_data);
        }
    }
    return digest.hex();
}

std::string digest_of(const SqlItem& item) {
    base::DigestBuilder digest;
    digest.add("sql").add(name_of(item.rule)).add(digest_of(item.statements));
    if (item.timeout.count() != 0) {
        digest.add("timeout").add(fmt::format("{}", item.timeout.count()));
    }
    if (item.not_before.given()) {
        digest.add("not_before").add(item.not_before.at).add(fmt::format("{}", item.not_before.delay.count())).add(item.not_before.after);
    }
    return digest.hex();
}

std::string digest_of(const CheckItem& item) {
    base::DigestBuilder digest;
    digest.add("check").add(digest_of(std::vector<sql::Statement>{item.statement}));
    digest.add(to_string(item.expects));
    if (!item.record.empty()) {
        digest.add("record").add(item.record);
    }
    return digest.hex();
}

std::string digest_of(const TryItem& item) {
    base::DigestBuilder digest;
    digest.add("try").add(digest_of(item.statements)).add(to_string(item.expects)).add(fmt::format("{}", item.timeout.count()));
    return digest.hex();
}

std::string digest_of(const ConfirmItem& item) {
    base::DigestBuilder digest;
    digest.add("confirm");
    for (const std::string& line : item.lines) {
        digest.add(line);
    }
    return digest.hex();
}

std::string digest_of(const MeasureItem& item) {
    base::DigestBuilder digest;
    const Gauge& gauge = item.gauge;
    digest.add(to_string(gauge.kind)).add(digest_of(std::vector<sql::Statement>{item.statement}));
    digest.add(gauge.fail).add(fmt::format("{}", gauge.timeout.count()));
    const auto add_number = [&](const std::optional<double>& value) { digest.add(value ? fmt::format("{}", *value) : "none"); };
    add_number(gauge.max_ms);
    digest.add(gauge.uses).add(fmt::format("{}", gauge.runs));
    for (const ForbiddenNode& node : gauge.without) {
        digest.add("not").add(node.type).add(node.table);
    }
    for (const std::string& expression : gauge.with) {
        digest.add("with").add(expression);
    }
    digest.add(fmt::format("{}", gauge.every.count()))
        .add(gauge.on_breach ? to_string(*gauge.on_breach) : "")
        .add(gauge.required ? "required" : "");
    add_number(gauge.max_ratio);
    return digest.hex();
}

std::string digest_of(const Item& item) {
    return std::visit([](const auto& what) { return digest_of(what); }, item.what);
}

std::string digest_of(const Runbook& runbook) {
    base::DigestBuilder digest;
    for (const File& file : runbook.files) {
        digest.add("file").add(file.digest);
    }
    for (const Item& item : runbook.items) {
        digest.add(digest_of(item));
        if (const auto* sql = std::get_if<SqlItem>(&item.what)) {
            digest.add(name_of(sql->rollback_rule)).add(digest_of(sql->rollback));
        }
    }
    add_limits(digest, runbook.limits);
    digest.add(to_string(runbook.on_breach));
    add_new_limits(digest, runbook.limits);
    if (runbook.blockers != Blockers{}) {
        digest.add("blockers").add(to_string(runbook.blockers));
    }
    for (const Written& window : runbook.windows) {
        digest.add("window").add(window.text);
    }
    for (const Requirement& requirement : runbook.requirements) {
        digest.add("require").add(requirement.key).add(requirement.written);
        for (const auto& [name, value] : requirement.options) {
            digest.add(name).add(value);
        }
    }
    return digest.hex();
}

}  // namespace pgbelay::runbook
