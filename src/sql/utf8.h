// UTF-8 as far as files need it: whether bytes are valid, and at which line and column a byte stands.
#pragma once

#include "base/error.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace pgbelay::sql {

// The offset of the first byte that is not valid UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
std::optional<std::size_t> first_invalid_utf8(std::string_view bytes);

inline bool is_utf8_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// Moves `place` over `bytes`: a line for each '\n', a column for each other character.
void advance(base::Place& place, std::string_view bytes);

// Places of offsets in one text; fast when asked in ascending order.
class PlaceCursor {
public:
    PlaceCursor(std::string_view bytes, base::Place begins_at) : bytes_(bytes), first_(begins_at), place_(std::move(begins_at)) {}
    base::Place at(std::size_t offset);

private:
    std::string_view bytes_;
    base::Place first_;
    base::Place place_;
    std::size_t offset_ = 0;
};

}  // namespace pgbelay::sql
