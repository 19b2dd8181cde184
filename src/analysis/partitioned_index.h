// An index of a partitioned table in parts, since no server builds one concurrently as a whole: ON ONLY every partitioned table,
// CONCURRENTLY on every leaf, then attached to each other, bottom up. Planned from what is known, completed from what is found.
#pragma once

#include "analysis/analysis.h"

#include <functional>
#include <string>
#include <vector>

namespace pgbelay::analysis {

// The part of one relation: of the partitioned table itself (the top), of a partitioned partition, or of a leaf.
struct IndexPart {
    QualifiedName table;
    QualifiedName index;   // the one that is there, else the name that it gets
    QualifiedName parent;  // the part that it is attached to; empty for the top
    bool partitioned = false;
    bool there = false;      // whole, or (of a partitioned table) to be completed by its own parts
    bool attached = false;   // to `parent`
    bool left_over = false;  // INVALID under that name: an interrupted build
};

// The whole, as asked for or as it stands.
struct PartedIndex {
    QualifiedName table;
    QualifiedName index;
    std::vector<std::string> columns;                 // as names are made from them
    std::string canonical;                            // "" = not known
    char constraint = 0;                              // 'p' or 'u': of this constraint
    std::string timing;                               // " DEFERRABLE …", of the constraint
    std::function<bool(const catalog::Index&)> fits;  // is of the same definition
};

// Every part, parents first, each partition's right behind it. Names are those that the server would choose.
std::vector<IndexPart> index_parts(const catalog::Catalog& catalog, const PartedIndex& wanted);

// A foreign table among the partitions: it can have no index, so that a parent's never becomes valid. Empty when there is none.
QualifiedName foreign_partition(const catalog::Catalog& catalog, const QualifiedName& table);

// The runs that make all of it: `make` gives the statement for a part that is not there (CREATE INDEX CONCURRENTLY on a leaf; ON
// ONLY a partitioned table).
std::vector<Run> runs_in_parts(const Context& ctx, const PartedIndex& wanted, Phase phase,
                               const std::function<std::string(const IndexPart&)>& make);

// What ATTACH PARTITION would build on `child` for that index of the parent's while it holds its locks, made ahead: nothing where `child`
// has it. Undone, it is dropped again.
std::vector<Run> runs_for_child(const Context& ctx, const catalog::Index& parent, const QualifiedName& child, Phase phase);

// What a partitioned index still needs, in the order in which it is to be done: deepest first.
struct PartToDo {
    IndexPart part;
    std::string make;                 // "" when the part is there
    std::vector<std::string> attach;  // together in one transaction; none for a part that is attached
    catalog::Condition made;          // what holds after `make`
};
struct Completion {
    std::vector<PartToDo> parts;
    std::string obstacle;  // why it can never become valid; "" = it can
};
Completion completion(const catalog::Catalog& catalog, const catalog::Index& index);

// The statements that make a dropped partitioned index again: the partitions' own under their names first, for the parent takes them
// in; the parent's comes last.
std::vector<std::string> recreate_partitioned_index(const catalog::Catalog& catalog, const catalog::Index& index);

}  // namespace pgbelay::analysis
