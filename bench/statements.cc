#include "statements.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <array>
#include <iterator>
#include <random>
#include <string_view>
#include <vector>

namespace pgbelay::bench {

namespace {

constexpr std::array<std::string_view, 12> kNouns{"account", "order",    "invoice", "payment", "customer", "shipment",
                                                  "product", "category", "session", "message", "document", "audit_entry"};
constexpr std::array<std::string_view, 10> kColumns{"status",  "amount",   "note",       "created_at", "updated_at",
                                                    "payload", "owner_id", "is_deleted", "position",   "external_ref"};
constexpr std::array<std::string_view, 10> kTypes{"text",  "numeric(12,2)", "varchar(80)", "timestamptz", "timestamp with time zone",
                                                  "jsonb", "bigint",        "boolean",     "integer",     "uuid"};
constexpr std::array<std::string_view, 10> kDefaults{"'new'",       "0", "''",    "now()", "CURRENT_TIMESTAMP",
                                                     "'{}'::jsonb", "0", "false", "1",     "NULL"};

class Generator {
public:
    explicit Generator(std::uint32_t seed) : random_(seed) {}

    std::string statements(int count) {
        std::string sql;
        for (int n = 0; n < count; ++n) {
            sql += statement();
            sql += ";\n";
            sql += below(4) == 0 ? "\n" : "";
        }
        return sql;
    }

private:
    // The standard's distributions differ from library to library; this does not, and its bias does not matter.
    std::size_t below(std::size_t limit) { return random_() % limit; }

    template <class Words>
    std::string_view any(const Words& words) {
        return words[below(std::size(words))];
    }

    // Mostly of the tables that were made last: migrations grow.
    const std::string& table() {
        constexpr std::size_t kRecent = 200;
        const std::size_t recent = std::min(tables_.size(), kRecent);
        return below(8) == 0 ? tables_[below(tables_.size())] : tables_[tables_.size() - 1 - below(recent)];
    }

    std::string statement();
    std::string create_table();
    std::string create_index();
    std::string alter_table();
    std::string add_constraint();
    std::string insert();
    std::string update();
    std::string function();
    std::string block();
    std::string remark();

    std::mt19937 random_;
    std::vector<std::string> tables_;
    int named_ = 0;  // names that were given out
};

std::string Generator::create_table() {
    const std::string name = fmt::format("{}{}_{}", below(3) == 0 ? "public." : "", any(kNouns), ++named_);
    std::string sql = below(4) == 0 ? fmt::format("-- the table of {}\nCREATE TABLE IF NOT EXISTS {} (\n", name, name)
                                    : fmt::format("CREATE TABLE {} (\n", name);
    sql += below(2) == 0 ? "    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY" : "    id bigserial PRIMARY KEY";
    const std::size_t columns = 3 + below(kColumns.size() - 3);
    for (std::size_t i = 0; i < columns; ++i) {
        sql += fmt::format(",\n    {} {}{}{}", kColumns[i], kTypes[i], below(2) == 0 ? " NOT NULL" : "",
                           below(3) == 0 ? fmt::format(" DEFAULT {}", kDefaults[i]) : "");
    }
    if (!tables_.empty() && below(2) == 0) {
        sql += fmt::format(",\n    parent_id bigint REFERENCES {} (id) ON DELETE CASCADE", table());
    }
    if (below(4) == 0) {
        sql += fmt::format(",\n    CONSTRAINT checked_{} CHECK (amount >= 0 AND status IN ('new', 'open', 'done'))", named_);
    }
    tables_.push_back(name);
    return sql + "\n)";
}

std::string Generator::create_index() {
    const std::size_t form = below(5);
    const std::string head =
        fmt::format("CREATE {}INDEX {}idx_{} ON {}", form == 0 ? "UNIQUE " : "", form == 1 ? "CONCURRENTLY " : "", ++named_, table());
    switch (form) {
        case 2: return head + " USING btree (lower(status::text), amount DESC NULLS LAST)";
        case 3: return head + " (status) WHERE amount IS NOT NULL";
        case 4: return head + " (status, amount) INCLUDE (note)";
        default: return fmt::format("{} ({})", head, kColumns[below(3)]);
    }
}

std::string Generator::alter_table() {
    const auto& name = table();
    const std::size_t kind = below(kTypes.size());
    switch (below(9)) {
        case 0: return fmt::format("ALTER TABLE {} ALTER COLUMN status SET NOT NULL", name);
        case 1: return fmt::format("ALTER TABLE {} ALTER COLUMN note TYPE text", name);
        case 2: return fmt::format("ALTER TABLE {} DROP COLUMN IF EXISTS old_{}", name, below(100));
        case 3: return fmt::format("ALTER TABLE {} ALTER COLUMN amount SET DEFAULT {}", name, below(1000));
        case 4:
            return fmt::format("ALTER TABLE {} ADD COLUMN added_{} {} NOT NULL DEFAULT {}", name, ++named_, kTypes[kind], kDefaults[kind]);
        case 5:
            ++named_;
            return fmt::format("ALTER TABLE {} ADD COLUMN IF NOT EXISTS added_{} {}, ADD COLUMN more_{} text", name, named_, kTypes[kind],
                               named_);
        default: return fmt::format("ALTER TABLE {} ADD COLUMN added_{} {}", name, ++named_, kTypes[kind]);
    }
}

std::string Generator::add_constraint() {
    const auto& name = table();
    const int number = ++named_;
    switch (below(4)) {
        case 0: return fmt::format("ALTER TABLE {} ADD CONSTRAINT chk_{} CHECK (amount < 1000000) NOT VALID", name, number);
        case 1: return fmt::format("ALTER TABLE ONLY {} ADD CONSTRAINT uq_{} UNIQUE (status, amount)", name, number);
        default:
            return fmt::format("ALTER TABLE {} ADD CONSTRAINT fk_{} FOREIGN KEY (amount) REFERENCES {} (id) ON UPDATE CASCADE", name,
                               number, table());
    }
}

std::string Generator::insert() {
    if (below(6) == 0) {
        return fmt::format("INSERT INTO {} (status, amount) SELECT status, amount FROM {} WHERE amount > {}", table(), table(), below(100));
    }
    std::string sql = fmt::format("INSERT INTO {} (status, amount, note) VALUES", table());
    const std::size_t rows = 1 + below(below(8) == 0 ? 40 : 3);
    for (std::size_t i = 0; i < rows; ++i) {
        sql += fmt::format("{} ('{}', {}.{:02}, 'It''s row {} of a {}')", i == 0 ? "" : ",", i % 2 == 0 ? "new" : "done", below(10'000),
                           below(100), i, any(kNouns));
    }
    return sql + (below(4) == 0 ? " ON CONFLICT DO NOTHING" : "");
}

std::string Generator::update() {
    switch (below(4)) {
        case 0: return fmt::format("DELETE FROM {} WHERE status = 'done' AND amount < {}", table(), below(1000));
        case 1: return fmt::format("UPDATE {} AS t SET note = s.note FROM {} AS s WHERE s.id = t.id AND t.note IS NULL", table(), table());
        default: return fmt::format("UPDATE {} SET status = 'open', amount = amount + {} WHERE status IS NULL", table(), below(100));
    }
}

std::string Generator::function() {
    const auto& name = table();
    return fmt::format(
        "CREATE OR REPLACE FUNCTION touch_{0}() RETURNS trigger LANGUAGE plpgsql AS $body$\nBEGIN\n    IF NEW.status IS DISTINCT FROM "
        "OLD.status THEN\n        NEW.updated_at := now();\n        UPDATE {1} SET note = 'touched' WHERE id = NEW.id;\n    END IF;\n    "
        "RETURN NEW;\nEND\n$body$",
        ++named_, name);
}

std::string Generator::block() {
    const auto& name = table();
    return fmt::format(
        "DO $$\nBEGIN\n    IF NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'late_{0}') THEN\n        ALTER TABLE {1} ADD "
        "CONSTRAINT late_{0} CHECK (amount > 0) NOT VALID;\n    END IF;\nEND\n$$",
        ++named_, name);
}

std::string Generator::remark() {
    const auto& name = table();
    switch (below(5)) {
        case 0: return fmt::format("COMMENT ON TABLE {} IS 'Rows of the {}; see the handbook'", name, any(kNouns));
        case 1: return fmt::format("COMMENT ON COLUMN {}.status IS 'new, open or done'", name);
        case 2: return fmt::format("GRANT SELECT, INSERT, UPDATE ON TABLE {} TO application", name);
        case 3: return fmt::format("CREATE VIEW seen_{} AS SELECT id, status FROM {} WHERE amount > 0", ++named_, name);
        default: return fmt::format("CREATE TYPE kind_{} AS ENUM ('small', 'medium', 'large')", ++named_);
    }
}

std::string Generator::statement() {
    constexpr std::size_t kFirst = 10;
    const std::size_t kind = tables_.size() < kFirst ? 0 : below(100);
    if (kind < 14) {
        return create_table();
    }
    if (kind < 34) {
        return alter_table();
    }
    if (kind < 48) {
        return create_index();
    }
    if (kind < 60) {
        return add_constraint();
    }
    if (kind < 76) {
        return insert();
    }
    if (kind < 84) {
        return update();
    }
    if (kind < 88) {
        return function();
    }
    return kind < 91 ? block() : remark();
}

}  // namespace

std::string migration_of(int count, std::uint32_t seed) {
    return Generator(seed).statements(count);
}

}  // namespace pgbelay::bench
