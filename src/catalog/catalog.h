// What a plan can touch of a database, as a value: loaded by pg/, or grown by applying statements. Knows what it does not know.
#pragma once

#include "catalog/map.h"
#include "catalog/seldom.h"
#include "sql/name.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pgbelay::catalog {

using sql::QualifiedName;

enum class Oid : std::uint32_t {};

struct Column {
    std::string name;
    int attnum = 0;
    std::string type;  // format_type(): "character varying(50)", "integer"
    bool not_null = false;
    Seldom<std::string> default_expression;  // pg_get_expr()
    char generated = 0;                      // 's' stored, 'v' virtual
    char identity = 0;                       // 'a' always, 'd' by default
    Rare<std::string> collation;             // quoted, qualified; "" when the type's default
    int statistics_target = -1;              // -1: the default
    char storage = 0;
    Rare<std::string> compression;           // "pglz", "lz4", "" = default
    Rare<std::vector<std::string>> options;  // attoptions
    Seldom<std::string> acl;                 // attacl::text
    Seldom<std::string> comment;
    bool all_null = false;         // known to hold nothing but NULL
    bool created_by_plan = false;  // added by an earlier statement of the same plan
};

struct Index {
    Oid oid{};
    QualifiedName name;
    QualifiedName table;
    bool unique = false;
    bool primary = false;
    bool exclusion = false;
    bool nulls_not_distinct = false;
    bool immediate = true;
    bool valid = true;
    bool ready = true;
    bool clustered = false;
    bool replica_identity = false;
    std::string method;             // "btree"
    std::vector<std::string> keys;  // column names; "" where an expression stands
    Rare<std::vector<std::string>> included;
    bool has_expressions = false;
    Rare<std::vector<std::string>> mentioned;  // columns in its expressions and its predicate
    bool has_default_options = true;           // every key: default opclass and collation, ASC NULLS LAST
    Seldom<std::string> predicate;
    std::string definition;               // pg_get_indexdef()
    std::string canonical;                // the definition from " USING " on, with UNIQUE before it: free of names
    Rare<std::string> tablespace;         // "" = the database's
    std::string constraint;               // name of the constraint that it implements, "" = none
    Rare<std::map<int, int>> statistics;  // key number -> statistics target of an expression
    Seldom<std::string> comment;
    std::int64_t bytes = 0;
    Seldom<QualifiedName> parent;  // of a partition's index
    bool partitioned = false;      // relkind 'I'
};

// Whether the column is in it: as a key, included, or in an expression or the predicate.
bool mentions(const Index& index, const std::string& column);

struct Constraint {
    Oid oid{};
    std::string name;
    char type = 0;           // as pg_constraint.contype: c f p u x t n
    std::string definition;  // pg_get_constraintdef(), " NOT VALID" included where it is so
    bool validated = true;
    bool deferrable = false;
    bool deferred = false;
    bool no_inherit = false;
    bool inherited = false;  // coninhcount > 0
    bool enforced = true;
    std::vector<std::string> columns;
    Seldom<QualifiedName> references;
    Rare<std::vector<std::string>> referenced_columns;
    Rare<std::string> referenced_index;  // of the referenced table, that a foreign key stands on; "" = not known
    char on_update = 'a';
    char on_delete = 'a';
    char match = 's';
    Rare<std::string> expression;  // pg_get_expr(conbin), for checks
    std::string index;             // name of its index, for p u x
    Seldom<std::string> comment;
};

struct Trigger {
    std::string name;
    std::string definition;  // pg_get_triggerdef()
    char enabled = 'O';
    std::optional<std::string> comment;
};

struct Policy {
    std::string name;
    std::string definition;  // a CREATE POLICY statement that makes it again
    std::optional<std::string> comment;
};

struct Rule {
    std::string name;
    std::string definition;  // pg_get_ruledef()
    char enabled = 'O';
    std::optional<std::string> comment;
};

struct ForeignKeyIn {  // another table's foreign key that points here
    QualifiedName table;
    std::string constraint;
};

struct Relation {
    Oid oid{};
    QualifiedName name;
    char kind = 'r';         // pg_class.relkind: r i S v m p f c I t
    char persistence = 'p';  // p u t
    std::string owner;
    bool owned_by_us = true;       // the current role may act as the owner
    std::int64_t bytes = 0;        // pg_relation_size(), main fork
    std::int64_t toast_bytes = 0;  // the same of its TOAST table
    double row_estimate = -1;      // reltuples; 0 or -1 on a fresh table
    bool populated = true;
    Rare<std::string> access_method;
    Rare<std::string> tablespace;
    Rare<std::vector<std::string>> options;  // reloptions
    Seldom<std::string> acl;
    Seldom<std::string> comment;
    char replica_identity = 'd';
    bool row_security = false;
    bool force_row_security = false;
    Rare<std::string> view_definition;  // pg_get_viewdef(), views and matviews
    std::vector<Column> columns;        // in attnum order, dropped ones left out
    std::vector<Index> indexes;
    std::vector<Constraint> constraints;
    Rare<std::vector<Trigger>> triggers;
    Rare<std::vector<Policy>> policies;
    Rare<std::vector<Rule>> rules;  // a view's own _RETURN left out
    Rare<std::vector<ForeignKeyIn>> referenced_by;
    QualifiedName index_of;        // of an index: its table
    Seldom<QualifiedName> parent;  // inheritance or partitioning
    Rare<std::vector<QualifiedName>> children;
    bool is_partition = false;
    Rare<std::string> partition_key;  // pg_get_partkeydef(), "" when not partitioned
    Rare<std::string> partition_bound;
    Rare<std::vector<QualifiedName>> dependent_views;
    Rare<std::vector<QualifiedName>> statistics;  // CREATE STATISTICS
    Rare<std::vector<std::string>> publications;  // those with an active slot in this database first
    Rare<std::string> sequence_definition;        // for kind S: what CREATE SEQUENCE needs after the name
    Rare<std::string> sequence_owner_column;      // "schema.table.column", quoted, of an owned or identity sequence
    bool created_by_plan = false;                 // made by an earlier statement of the same plan: ours, nobody else sees it
    bool rows_of_plan = false;                    // an earlier statement of the same plan may have put rows into it
    bool rows_for_certain = false;                // and has
    bool keys_are_off = false;                    // DISABLE TRIGGER ALL: foreign keys at both ends do nothing

    const Column* column(const std::string& name) const;
    const Index* index(const std::string& name) const;
    const Constraint* constraint(const std::string& name) const;
    const Trigger* trigger(const std::string& name) const;
};

struct Function {
    Oid oid{};
    QualifiedName name;
    std::string identity_arguments;           // pg_get_function_identity_arguments()
    std::vector<std::string> argument_types;  // format_type() of what tells it from its overloads
    std::string definition;                   // pg_get_functiondef(); "" for aggregates
    char kind = 'f';                          // f p a w
    char volatility = 'v';
    std::string owner;
    std::optional<std::string> acl;
    std::optional<std::string> comment;
    std::string result;  // pg_get_function_result()
};

struct Type {
    Oid oid{};
    QualifiedName name;
    char kind = 'b';                  // pg_type.typtype: b c d e r m p
    std::vector<std::string> labels;  // of an enum, in order
    std::string base_type;            // of a domain
    bool domain_constrained = false;
    std::string owner;
    std::optional<std::string> acl;
    std::optional<std::string> comment;
    bool created_by_plan = false;  // made by an earlier statement of the same plan
};

// Grows by one and no more: most lists of a table stay short, and there may be many tables.
template <class T>
void append_exactly(std::vector<T>& list, T item) {
    list.reserve(list.size() + 1);
    list.push_back(std::move(item));
}

// Where temporary tables of the plan's own session stand; nobody else sees them.
inline constexpr const char* kTemporarySchema = "pg_temp";

// As a value: a copy shares what it holds, and takes no time.
class Catalog {
public:
    // Nothing is known: every table counts as large, every name as free. `major` is the server's version, or 0.
    static Catalog unknown(int major);

    int server_major = 0;                  // 15; 0 = no server was asked
    bool loaded = false;                   // from a server; false: relations that are not here are unknown, not absent
    std::vector<std::string> search_path;  // effective, in order, as current_schemas(false); "$user" resolved
    std::string role;                      // current_user
    std::string bootstrap_role;            // the superuser that initdb made, "" = not known
    std::string time_zone;                 // TimeZone in effect, "" = not known
    bool as_replica = false;               // session_replication_role = replica: foreign keys and ordinary triggers do nothing
    bool rows_may_be_gone = false;         // an earlier statement of the same plan may have deleted some, somewhere
    bool changed_by_code = false;          // DO blocks or functions of the same plan have, or may have, changed what is here
    std::set<std::string> schemas;
    std::set<std::string> schemas_of_plan;               // made by an earlier statement of the same plan
    std::map<std::string, std::string> schema_comments;  // of the schemas that have one
    std::set<std::string> extensions;
    Map<QualifiedName, Relation> relations;  // by resolved name, indexes and sequences included as kind i/I/S
    Map<QualifiedName, std::vector<Function>> functions;
    Map<QualifiedName, Type> types;
    // Names in the schemas of interest that are taken, for choosing names: of relations (and indexes) besides those above, and of
    // constraints.
    Set<QualifiedName> taken_relation_names;
    Set<QualifiedName> taken_constraint_names;
    // The server's own form of definitions that the plan asked about (see pg/canonical.h): statement's bytes -> form.
    Map<std::string, std::string> canonical_forms;

    // What DO blocks of the plan ask of the catalogs, by the keys of analysis::questions_of(): of a condition whether it holds, of EXECUTE
    // all that it gets, in that order.
    struct Answers {
        Map<std::string, bool> conditions;
        Map<std::string, std::vector<std::string>> executed;
    } answers;

    // The relation that the name means: as given when qualified, else the first match along search_path. Null when it is not there.
    const Relation* find(const QualifiedName& name) const;
    // The index by that name, and the table it is on. Null when it is not there.
    const Index* find_index(const QualifiedName& name) const;
    const Relation* table_of_index(const QualifiedName& name) const;
    const Type* find_type(const QualifiedName& name) const;
    // Of extended statistics the table and their own name.
    struct Statistics {
        QualifiedName table;
        QualifiedName name;
    };
    std::optional<Statistics> find_statistics(const QualifiedName& name) const;
    const std::vector<Function>* find_functions(const QualifiedName& name) const;
    // The foreign keys that stand on the index, or on the constraint that it implements: they go with it under CASCADE. Nothing when
    // they are not known.
    std::optional<std::vector<ForeignKeyIn>> foreign_keys_on(const Index& index) const;
    // The sequences that belong to the column, or to any column of the table; by name.
    std::vector<QualifiedName> sequences_of(const QualifiedName& table, const std::string& column = "") const;
    // Those whose entries name the relation: as a parent or child, at either end of a foreign key, as what they are an index or a
    // sequence of, as a view that reads them.
    std::vector<QualifiedName> that_name(const Relation& relation) const;
    // The name with its schema filled in: the found relation's, else the first schema of the path ("public" without one).
    QualifiedName resolve(const QualifiedName& name) const;
    QualifiedName resolve_new(const QualifiedName& name) const;

    // Mutations used by pg/ and apply(); they keep the taken names in step.
    Relation& add(Relation relation);
    void remove(const QualifiedName& name);
    // Their session ends, or their transaction where they do not outlive it.
    void forget_temporary();
    void add_index(const QualifiedName& table, Index index);
    void remove_index(const QualifiedName& index);
    // `sequence` has another owner, or another name, now.
    void note_owner(const QualifiedName& sequence);

private:
    // Who owned a sequence at some time, and which: an entry may be out of date, and none is missing.
    Set<std::pair<std::string, QualifiedName>> owners_;
    bool has_temporary_ = false;
};

}  // namespace pgbelay::catalog
