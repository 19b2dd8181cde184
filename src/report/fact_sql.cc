#include "report/fact_sql.h"

#include "sql/quote.h"

#include <fmt/core.h>

#include <string_view>

namespace pgbelay::report {

namespace {

std::string exists(const catalog::QualifiedName& name) {
    return fmt::format("to_regclass({}) IS NOT NULL", sql::quote_literal(sql::quote_name(name)));
}

std::string exists(const catalog::QualifiedName& table, std::string_view catalog, std::string_view of, std::string_view column,
                   const std::string& name) {
    return fmt::format("EXISTS (SELECT FROM {} WHERE {} = to_regclass({}) AND {} = {})", catalog, of,
                       sql::quote_literal(sql::quote_name(table)), column, sql::quote_literal(name));
}

std::string exists(const catalog::QualifiedName& table, const catalog::Absent::What what, const std::string& member) {
    switch (what) {
        case catalog::Absent::What::column: return exists(table, "pg_attribute", "attrelid", "NOT attisdropped AND attname", member);
        case catalog::Absent::What::constraint: return exists(table, "pg_constraint", "conrelid", "conname", member);
        default: return exists(table);
    }
}

}  // namespace

std::string seen(const catalog::Fact& fact) {
    using What = catalog::Absent::What;
    struct {
        std::string operator()(const catalog::IndexIs& f) const { return exists(f.index); }
        std::string operator()(const catalog::RelationIs& f) const { return exists(f.relation); }
        std::string operator()(const catalog::ColumnIs& f) const { return exists(f.table, What::column, f.column); }
        std::string operator()(const catalog::ConstraintIs& f) const { return exists(f.table, What::constraint, f.constraint); }
        std::string operator()(const catalog::PartitionIs& f) const { return exists(f.table); }
        std::string operator()(const catalog::Absent& f) const {
            return f.member.empty() ? fmt::format("to_regclass({}) IS NULL", sql::quote_literal(sql::quote_name(f.relation)))
                                    : "NOT " + exists(f.relation, f.what, f.member);
        }
    } of;
    return std::visit(of, fact);
}

}  // namespace pgbelay::report
