#include "sql/message.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace pgbelay::sql {

namespace {

const char* storage(const ProtobufCMessage& message, unsigned offset) {
    return reinterpret_cast<const char*>(&message) + offset;
}

template <typename T>
T load(const void* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

bool in_oneof(const ProtobufCFieldDescriptor& field) {
    return (field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
}

bool is_location(const ProtobufCFieldDescriptor& field) {
    const std::string_view name = field.name;
    return field.type == PROTOBUF_C_TYPE_INT32 && (name.ends_with("location") || name == "stmt_len");
}

bool equal_strings(const void* a, const void* b) {
    const auto* x = load<const char*>(a);
    const auto* y = load<const char*>(b);
    return std::string_view(x != nullptr ? x : "") == std::string_view(y != nullptr ? y : "");
}

bool equal_values(const ProtobufCFieldDescriptor& field, const void* a, const void* b) {
    switch (field.type) {
        case PROTOBUF_C_TYPE_MESSAGE: {
            const auto* x = load<const ProtobufCMessage*>(a);
            const auto* y = load<const ProtobufCMessage*>(b);
            return x == nullptr || y == nullptr ? x == y : equal_but_for_locations(*x, *y);
        }
        case PROTOBUF_C_TYPE_STRING: return equal_strings(a, b);
        case PROTOBUF_C_TYPE_BYTES: {
            const auto x = load<ProtobufCBinaryData>(a);
            const auto y = load<ProtobufCBinaryData>(b);
            return x.len == y.len && (x.len == 0 || std::memcmp(x.data, y.data, x.len) == 0);
        }
        default: return std::memcmp(a, b, width_of(field.type)) == 0;
    }
}

}  // namespace

// protobuf-c keeps the members of a repeated field side by side, each in its C type's width.
std::size_t width_of(ProtobufCType type) {
    switch (type) {
        case PROTOBUF_C_TYPE_INT64:
        case PROTOBUF_C_TYPE_SINT64:
        case PROTOBUF_C_TYPE_SFIXED64:
        case PROTOBUF_C_TYPE_UINT64:
        case PROTOBUF_C_TYPE_FIXED64:
        case PROTOBUF_C_TYPE_DOUBLE: return 8;
        case PROTOBUF_C_TYPE_BOOL: return sizeof(protobuf_c_boolean);
        case PROTOBUF_C_TYPE_STRING:
        case PROTOBUF_C_TYPE_MESSAGE: return sizeof(void*);
        case PROTOBUF_C_TYPE_BYTES: return sizeof(ProtobufCBinaryData);
        default: return 4;
    }
}

std::span<const ProtobufCFieldDescriptor> fields_of(const ProtobufCMessage& message) {
    const std::span fields(message.descriptor->fields, message.descriptor->n_fields);
    if (fields.empty() || !in_oneof(fields.front()) || !in_oneof(fields.back())) {
        return fields;
    }
    const auto set = load<std::uint32_t>(storage(message, fields.front().quantifier_offset));
    // Numbered without a gap, as PostgreSQL's nodes are.
    if (set - 1 < fields.size() && fields[set - 1].id == set) {
        return fields.subspan(set - 1, 1);
    }
    const auto member = std::lower_bound(fields.begin(), fields.end(), set, [](const auto& field, auto id) { return field.id < id; });
    return member != fields.end() && member->id == set ? fields.subspan(static_cast<std::size_t>(member - fields.begin()), 1)
                                                       : fields.first(0);
}

std::size_t count_of(const ProtobufCMessage& message, const ProtobufCFieldDescriptor& field) {
    if (field.label == PROTOBUF_C_LABEL_REPEATED) {
        return load<std::size_t>(storage(message, field.quantifier_offset));
    }
    if (in_oneof(field)) {
        return load<std::uint32_t>(storage(message, field.quantifier_offset)) == field.id ? 1 : 0;
    }
    return 1;
}

const void* value_of(const ProtobufCMessage& message, const ProtobufCFieldDescriptor& field, std::size_t i) {
    const char* at = storage(message, field.offset);
    return field.label == PROTOBUF_C_LABEL_REPEATED ? load<const char*>(at) + i * width_of(field.type) : at;
}

const ProtobufCMessage* child_of(const ProtobufCMessage& message, const ProtobufCFieldDescriptor& field, std::size_t i) {
    return field.type == PROTOBUF_C_TYPE_MESSAGE ? load<const ProtobufCMessage*>(value_of(message, field, i)) : nullptr;
}

std::string_view type_of(const ProtobufCMessage& message) {
    return message.descriptor->short_name;
}

bool equal_but_for_locations(const ProtobufCMessage& a, const ProtobufCMessage& b) {
    if (a.descriptor != b.descriptor) {
        return false;
    }
    const auto fields = fields_of(a);
    if (fields.data() != fields_of(b).data() || fields.size() != fields_of(b).size()) {
        return false;
    }
    for (const auto& field : fields) {
        if (is_location(field)) {
            continue;
        }
        const std::size_t count = count_of(a, field);
        if (count != count_of(b, field)) {
            return false;
        }
        for (std::size_t i = 0; i < count; ++i) {
            if (!equal_values(field, value_of(a, field, i), value_of(b, field, i))) {
                return false;
            }
        }
    }
    return true;
}

bool deeper_than(const ProtobufCMessage& message, std::size_t limit) {
    if (limit == 0) {
        return true;
    }
    bool deeper = false;
    for_each_child(message, [&](const ProtobufCMessage& child, const auto&) { deeper = deeper || deeper_than(child, limit - 1); });
    return deeper;
}

}  // namespace pgbelay::sql
