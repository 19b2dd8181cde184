#include "base/digest.h"

#include "base/error.h"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <array>

namespace pgbelay::base {

std::string sha256(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> md{};
    unsigned int length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), md.data(), &length, EVP_sha256(), nullptr) != 1) {
        throw Error(ErrorCode::internal, "OpenSSL offers no SHA-256");
    }
    std::string hex;
    hex.reserve(std::size_t{2} * length);
    for (unsigned int i = 0; i < length; ++i) {
        hex += fmt::format("{:02x}", md[i]);
    }
    return hex;
}

DigestBuilder& DigestBuilder::add(std::string_view field) {
    bytes_ += std::to_string(field.size());
    bytes_ += ':';
    bytes_ += field;
    return *this;
}

}  // namespace pgbelay::base
