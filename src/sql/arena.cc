#include "sql/arena.h"

#include <algorithm>
#include <utility>

namespace pgbelay::sql {

namespace {

constexpr std::size_t kLargestBlock = std::size_t{64} << 10;

}  // namespace

void* Arena::take(std::size_t bytes) {
    constexpr std::size_t kAlignment = alignof(std::max_align_t);
    bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    if (bytes > left_) {
        const std::size_t size = std::max(bytes, next_);
        blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
        free_ = blocks_.back().get();
        left_ = size;
        next_ = std::min(next_ * 2, kLargestBlock);
    }
    left_ -= bytes;
    return std::exchange(free_, free_ + bytes);
}

}  // namespace pgbelay::sql
