// SHA-256, the identity of what was given and of what will run.
#pragma once

#include <string>
#include <string_view>

namespace pgbelay::base {

// 64 lower-case hexadecimal digits.
std::string sha256(std::string_view bytes);

// A digest over fields that cannot run into each other: every field is written with its length before it.
class DigestBuilder {
public:
    DigestBuilder& add(std::string_view field);
    std::string hex() const { return sha256(bytes_); }

private:
    std::string bytes_;
};

}  // namespace pgbelay::base
