// Memory that is given back all at once: what a parse tree stands in.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace pgbelay::sql {

class Arena {
public:
    // Aligned for any type; stays where it is for as long as the arena lives.
    void* take(std::size_t bytes);

private:
    std::vector<std::unique_ptr<std::byte[]>> blocks_;
    std::byte* free_ = nullptr;
    std::size_t left_ = 0;
    std::size_t next_ = 1024;  // most statements' trees are that small
};

}  // namespace pgbelay::sql
