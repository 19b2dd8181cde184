#include "sql/copy_message.h"

#include "sql/message.h"

#include <cstdint>
#include <cstring>

namespace pgbelay::sql {

namespace {

extern "C" const char protobuf_c_empty_string[];

class Copier {
public:
    Copier(std::size_t deepest, Arena& arena) : levels_(deepest), arena_(arena) {}

    // Null beyond the deepest level; then `too_deep`.
    ProtobufCMessage* copy(const ProtobufCMessage& message) {
        if (levels_ == 0) {
            too_deep_ = true;
            return nullptr;
        }
        --levels_;
        auto* made = static_cast<ProtobufCMessage*>(arena_.take(message.descriptor->sizeof_message));
        std::memcpy(static_cast<void*>(made), &message, message.descriptor->sizeof_message);
        made->unknown_fields = nullptr;
        made->n_unknown_fields = 0;
        for (const auto& field : fields_of(message)) {
            copy_field(field, *made);
        }
        ++levels_;
        return made;
    }

    bool too_deep() const { return too_deep_; }

private:
    static bool has_pointers(ProtobufCType type) {
        return type == PROTOBUF_C_TYPE_MESSAGE || type == PROTOBUF_C_TYPE_STRING || type == PROTOBUF_C_TYPE_BYTES;
    }

    void copy_field(const ProtobufCFieldDescriptor& field, ProtobufCMessage& made) {
        if (count_of(made, field) == 0 && field.label != PROTOBUF_C_LABEL_REPEATED) {
            return;  // a union's other members stand in the same place
        }
        char* const at = reinterpret_cast<char*>(&made) + field.offset;
        if (field.label == PROTOBUF_C_LABEL_REPEATED) {
            copy_values(field, made, at);
        } else if (has_pointers(field.type)) {
            copy_pointer(field, at);
            void* value = nullptr;
            std::memcpy(&value, at, sizeof value);
            if (value == nullptr && (field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
                std::memset(reinterpret_cast<char*>(&made) + field.quantifier_offset, 0, sizeof(std::uint32_t));
            }
        }
    }

    void copy_values(const ProtobufCFieldDescriptor& field, const ProtobufCMessage& made, char* at) {
        const std::size_t count = count_of(made, field);
        char* values = nullptr;
        if (count > 0) {
            const std::size_t width = width_of(field.type);
            values = static_cast<char*>(arena_.take(count * width));
            std::memcpy(values, value_of(made, field, 0), count * width);
            for (std::size_t i = 0; has_pointers(field.type) && i < count; ++i) {
                copy_pointer(field, values + i * width);
            }
        }
        std::memcpy(at, &values, sizeof values);
    }

    // What `at` points to, and then `at` itself.
    void copy_pointer(const ProtobufCFieldDescriptor& field, char* at) {
        const void* old = nullptr;
        std::memcpy(&old, at, sizeof old);
        const void* copied = nullptr;
        if (field.type == PROTOBUF_C_TYPE_MESSAGE) {
            copied = old == nullptr ? nullptr : copy(*static_cast<const ProtobufCMessage*>(old));
        } else if (field.type == PROTOBUF_C_TYPE_STRING) {
            copied = copy_text(static_cast<const char*>(old));
        } else {
            copy_bytes(at);
            return;
        }
        std::memcpy(at, &copied, sizeof copied);
    }

    const char* copy_text(const char* text) {
        if (text == nullptr || *text == '\0') {
            return protobuf_c_empty_string;
        }
        const std::size_t size = std::strlen(text) + 1;
        return static_cast<const char*>(std::memcpy(arena_.take(size), text, size));
    }

    void copy_bytes(char* at) {
        ProtobufCBinaryData data{};
        std::memcpy(&data, at, sizeof data);
        if (data.len > 0) {
            data.data = static_cast<std::uint8_t*>(std::memcpy(arena_.take(data.len), data.data, data.len));
        }
        std::memcpy(at, &data, sizeof data);
    }

    std::size_t levels_;
    bool too_deep_ = false;
    Arena& arena_;
};

}  // namespace

const ProtobufCMessage* copy_message(const ProtobufCMessage& message, std::size_t deepest, Arena& arena) {
    Copier copier(deepest, arena);
    const auto* copied = copier.copy(message);
    return copier.too_deep() ? nullptr : copied;
}

}  // namespace pgbelay::sql
