#include "sql/source_text.h"

#include "sql/utf8.h"

#include <algorithm>

namespace pgbelay::sql {

void SourceText::append_from_file(std::string_view bytes, const base::Place& begins_at) {
    pieces_.push_back({bytes_.size(), begins_at, false});
    bytes_ += bytes;
}

void SourceText::append_from_variable(std::string_view bytes, const base::Place& reference) {
    pieces_.push_back({bytes_.size(), reference, true});
    bytes_ += bytes;
}

base::Place SourceText::place(std::size_t offset) const {
    if (pieces_.empty()) {
        return {};
    }
    offset = std::min(offset, bytes_.size());
    const auto after =
        std::upper_bound(pieces_.begin(), pieces_.end(), offset, [](std::size_t at, const Piece& piece) { return at < piece.begin; });
    const auto& piece = *std::prev(after);
    auto place = piece.place;
    if (!piece.from_variable) {
        advance(place, std::string_view(bytes_).substr(piece.begin, offset - piece.begin));
    }
    return place;
}

}  // namespace pgbelay::sql
