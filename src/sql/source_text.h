// Expanded SQL bytes with a map back to the file, line and column where each of them came from.
#pragma once

#include "base/error.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::sql {

// Grows by appending pieces in order; never edited afterwards. Always valid UTF-8 without NUL.
class SourceText {
public:
    // Bytes copied from `file` beginning at byte `offset` of its contents, which is at `line`:`column` (from 1).
    void append_from_file(std::string_view bytes, const base::Place& begins_at);
    // Bytes that a variable or `\set` put there: all of them are reported at the place of the reference.
    void append_from_variable(std::string_view bytes, const base::Place& reference);

    const std::string& bytes() const { return bytes_; }
    // Where byte `offset` came from; the end of the text for offsets past it.
    base::Place place(std::size_t offset) const;

private:
    struct Piece {
        std::size_t begin;
        base::Place place;
        bool from_variable;
    };
    std::string bytes_;
    std::vector<Piece> pieces_;
};

}  // namespace pgbelay::sql
