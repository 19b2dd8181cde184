// Any node of a parse tree as a generic protobuf-c message: its fields and children without knowing its type.
#pragma once

#include <protobuf-c/protobuf-c.h>

#include <cstddef>
#include <span>
#include <string_view>

namespace pgbelay::sql {

// The fields that a message of its type can have; of a Node, which is one union of hundreds, only the member that is set.
std::span<const ProtobufCFieldDescriptor> fields_of(const ProtobufCMessage& message);

// How many values the field has here: 0 or 1, or the length when repeated. An unset member of a oneof has none.
std::size_t count_of(const ProtobufCMessage& message, const ProtobufCFieldDescriptor& field);

// The i-th value's storage; `i < count_of(...)`.
const void* value_of(const ProtobufCMessage& message, const ProtobufCFieldDescriptor& field, std::size_t i);

// How many bytes a value takes in a message, or in the list of a repeated field.
std::size_t width_of(ProtobufCType type);

// The i-th child message; null unless the field holds messages and this one is there.
const ProtobufCMessage* child_of(const ProtobufCMessage& message, const ProtobufCFieldDescriptor& field, std::size_t i);

// The type's name as PostgreSQL spells it, such as "RangeVar".
std::string_view type_of(const ProtobufCMessage& message);

// Calls `visit` for every child message, in the order of the fields.
template <typename Visit>
void for_each_child(const ProtobufCMessage& message, Visit&& visit) {
    for (const auto& field : fields_of(message)) {
        if (field.type != PROTOBUF_C_TYPE_MESSAGE) {
            continue;
        }
        const std::size_t count = count_of(message, field);
        for (std::size_t i = 0; i < count; ++i) {
            if (const auto* child = child_of(message, field, i)) {
                visit(*child, field);
            }
        }
    }
}

// Whether two messages are equal but for the positions in the text that they carry.
bool equal_but_for_locations(const ProtobufCMessage& a, const ProtobufCMessage& b);

// Whether more than `limit` messages stand inside each other.
bool deeper_than(const ProtobufCMessage& message, std::size_t limit);

}  // namespace pgbelay::sql
