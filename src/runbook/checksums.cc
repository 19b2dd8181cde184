#include "runbook/checksums.h"

#include "base/digest.h"
#include "runbook/text.h"

#include <array>

namespace pgbelay::runbook {
namespace {

// The reflected polynomial of ISO 3309, as zlib and java.util.zip use it.
constexpr std::uint32_t kPolynomial = 0xEDB88320U;

constexpr std::array<std::uint32_t, 256> make_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < table.size(); ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value >> 1U) ^ ((value & 1U) != 0 ? kPolynomial : 0U);
        }
        table[i] = value;
    }
    return table;
}

constexpr std::array<std::uint32_t, 256> kTable = make_table();

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
    std::string result;
    std::size_t begin = 0;
    for (std::size_t at = text.find(from); at != std::string_view::npos; at = text.find(from, begin)) {
        result.append(text.substr(begin, at - begin)).append(to);
        begin = at + from.size();
    }
    return result.append(text.substr(begin));
}

// Early versions of Prisma wrote each byte without its leading zero.
std::string without_leading_zeros(std::string_view hex) {
    std::string result;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        result.append(hex.substr(hex[i] == '0' ? i + 1 : i, hex[i] == '0' ? 1 : 2));
    }
    return result;
}

}  // namespace

std::int32_t flyway_checksum(std::string_view file) {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char c : without_bom(file)) {
        if (c != '\n' && c != '\r') {
            crc = (crc >> 8U) ^ kTable[(crc ^ static_cast<unsigned char>(c)) & 0xFFU];
        }
    }
    return static_cast<std::int32_t>(~crc);
}

std::string prisma_checksum(std::string_view file) {
    return base::sha256(file);
}

bool prisma_checksum_matches(std::string_view file, std::string_view recorded) {
    constexpr std::size_t kFullLength = 64;
    for (const std::string& variant : {std::string(file), replace_all(file, "\r\n", "\n"), replace_all(file, "\n", "\r\n")}) {
        const std::string checksum = prisma_checksum(variant);
        if ((recorded.size() == kFullLength ? checksum : without_leading_zeros(checksum)) == recorded) {
            return true;
        }
    }
    return false;
}

}  // namespace pgbelay::runbook
