#include "sql/utf8.h"

#include <algorithm>

namespace pgbelay::sql {

namespace {

// The length of the sequence at `i`; 0 when it is none.
std::size_t sequence_length(std::string_view bytes, std::size_t i) {
    const auto byte = [&](std::size_t k) { return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U; };
    const auto continues = [&](std::size_t k) { return (byte(k) & 0xC0U) == 0x80U; };
    const unsigned first = byte(0);
    if (first < 0x80U) {
        return 1;
    }
    if (first >= 0xC2U && first <= 0xDFU) {
        return continues(1) ? 2 : 0;
    }
    if (first >= 0xE0U && first <= 0xEFU) {
        const bool overlong = first == 0xE0U && byte(1) < 0xA0U;
        const bool surrogate = first == 0xEDU && byte(1) > 0x9FU;
        return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (first >= 0xF0U && first <= 0xF4U) {
        const bool overlong = first == 0xF0U && byte(1) < 0x90U;
        const bool too_large = first == 0xF4U && byte(1) > 0x8FU;
        return continues(1) && continues(2) && continues(3) && !overlong && !too_large ? 4 : 0;
    }
    return 0;
}

}  // namespace

std::optional<std::size_t> first_invalid_utf8(std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size();) {
        const std::size_t length = sequence_length(bytes, i);
        if (length == 0) {
            return i;
        }
        i += length;
    }
    return std::nullopt;
}

void advance(base::Place& place, std::string_view bytes) {
    for (const char c : bytes) {
        if (c == '\n') {
            ++place.line;
            place.column = 1;
        } else if (!is_utf8_continuation(c)) {
            ++place.column;
        }
    }
}

base::Place PlaceCursor::at(std::size_t offset) {
    offset = std::min(offset, bytes_.size());
    if (offset < offset_) {
        place_ = first_;
        offset_ = 0;
    }
    advance(place_, bytes_.substr(offset_, offset - offset_));
    offset_ = offset;
    return place_;
}

}  // namespace pgbelay::sql
