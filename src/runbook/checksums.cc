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

}  // namespace pgbelay::runbook
