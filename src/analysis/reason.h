// Why the server takes a lock, writes a table anew or reads it: one sentence each, with the place where it can be looked up.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace pgbelay::analysis {

// Named by what the server does, or by what the relation is to it.
enum class Reason {
    // queries and data
    reads,
    reads_through_view,
    locks_rows,
    writes,
    changes_every_row,
    changed_through_view,
    changed_for_partition,
    row_goes_to_partition,
    key_is_looked_up,
    referring_is_looked_up,
    key_action_changes,
    takes_number,
    index_of_used_table,
    stands_below,
    truncates,
    truncated_along,
    gets_empty_file,
    index_of_truncated_table,
    sequence_restarts,
    // ALTER TABLE: the lock of the subcommand
    alters_table,
    adds_column,
    drops_column,
    changes_type,
    changes_column_storage,
    moves_table,
    adds_constraint,
    adds_key,
    adds_foreign_key,
    drops_constraint,
    validates_constraint,
    changes_rule,
    changes_owner,
    changes_foreign_options,
    switches_trigger,
    switches_row_security,
    changes_what_writes_do,
    changes_inheritance,
    changes_row_type,
    changes_planning,
    changes_options,
    attaches_partition,
    detaches_partition,
    detaches_concurrently,
    finishes_detaching,
    // ALTER TABLE: what is written anew
    fills_serial,
    fills_identity,
    fills_generated,
    fills_domain,
    fills_volatile_default,
    converts_type,
    computes_expression,
    copies_for_persistence,
    copies_to_access_method,
    copies_to_tablespace,
    index_of_rewritten_table,
    index_of_retyped_column,
    foreign_key_of_retyped_column,
    // ALTER TABLE: what is read
    new_column_not_null,
    looks_for_nulls,
    key_is_not_null,
    checks_rows,
    checks_foreign_key,
    looks_up_keys,
    builds_key,
    check_of_retyped_column,
    index_of_recollated_column,
    // keys and indexes that go along
    referenced_by_new_key,
    referenced_by_dropped_key,
    foreign_key_goes_along,
    index_is_renamed,
    index_of_dropped_column,
    index_of_dropped_constraint,
    index_changes_owner,
    sequence_changes_owner,
    index_of_replica_identity,
    // partitions and inheritance
    becomes_partition,
    index_is_attached,
    ceases_to_be_partition,
    detached_concurrently,
    checks_partition_bound,
    default_partition_changes,
    checks_default_partition,
    gets_partition,
    loses_partition,
    gets_child,
    loses_child,
    key_copied_to_partition,
    refers_to_new_partition,
    index_gets_partition,
    index_becomes_valid,
    index_of_detached_partition,
    key_of_partition_taken_in,
    key_of_detached_partition,
    copies_definition,
    // CREATE INDEX, REINDEX, DROP INDEX
    builds_index,
    builds_index_concurrently,
    index_on_every_partition,
    reads_for_index,
    reads_for_index_twice,
    table_of_rebuilt_index,
    rebuilds_index,
    rebuilds_concurrently,
    replaces_index,
    reads_for_rebuilding,
    reads_for_rebuilding_twice,
    table_of_dropped_index,
    drops_index,
    drops_index_concurrently,
    index_of_partition_goes_along,
    // DROP
    drops,
    drops_descendant,
    index_of_dropped_table,
    sequence_of_dropped_column,
    view_goes_along,
    goes_with_schema,
    column_of_type_goes_along,
    trigger_goes_along,
    policy_goes_along,
    index_goes_along,
    default_goes_along,
    drops_trigger,
    drops_policy,
    drops_rule,
    // names, owners, comments
    renames,
    renames_index,
    renames_column,
    renames_constraint,
    renames_trigger,
    renames_policy,
    renames_rule,
    moves_to_schema,
    comments,
    // triggers, rules, policies, views, types, sequences
    creates_trigger,
    named_by_trigger,
    creates_rule,
    creates_policy,
    alters_policy,
    replaces_view,
    holds_domain,
    checks_domain,
    alters_sequence,
    writes_sequence_anew,
    sequence_of_identity,
    publishes,
    changes_statistics,
    // filling and maintaining
    fills_new_table,
    fills_matview,
    refreshes,
    refreshes_concurrently,
    locks_table,
    locks_through_view,
    vacuums,
    vacuums_full,
    analyzes,
    clusters,
    // what is not known
    not_understood,
};

// What takes time in it, by the size of the relation that it stands at; the later, the more.
enum class Work {
    none,    // a moment, however large it is
    wait,    // the same, and as long as others take who use it
    sample,  // some of its pages are looked at
    read,    // every row is looked at
    read_twice,
    look_up,            // … and looked up in another table
    rewrite,            // every row is read and written to a new file
    build_index,        // of a table: every row goes into a new index
    build_index_twice,  // the same, and read once more
    rebuild_index,      // of an index: it is made anew
    update,             // every row is changed in place
};

struct Explanation {
    Reason reason;
    std::string_view sentence;  // lower case, without a full stop
    std::string_view source;    // "manual, ALTER TABLE" (of version 15 unless it says otherwise), or a file of its source and a function
    Work work = Work::none;
};

const Explanation& explain(Reason reason);

inline constexpr std::size_t kReasons = static_cast<std::size_t>(Reason::not_understood) + 1;

// All of them, in the order of the enumeration.
const std::array<Explanation, kReasons>& explanations();

}  // namespace pgbelay::analysis
