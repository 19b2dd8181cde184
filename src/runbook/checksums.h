// The checksums of migration files that other tools keep in their ledgers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgbelay::runbook {

// What Flyway writes to flyway_schema_history.checksum: CRC-32 over the lines without their ends (\n, \r or \r\n) and without a
// byte order mark, as a signed integer. After org.flywaydb.core.internal.resolver.ChecksumCalculator.
std::int32_t flyway_checksum(std::string_view file);

// What Prisma writes to _prisma_migrations.checksum: SHA-256 of the file's bytes, 64 lower-case hexadecimal digits.
std::string prisma_checksum(std::string_view file);

// Whether Prisma takes `recorded` for this file's checksum: line ends may have changed to \n or \r\n since, and early versions
// wrote each byte without its leading zero. After schema-connector/src/checksum.rs of prisma-engines.
bool prisma_checksum_matches(std::string_view file, std::string_view recorded);

}  // namespace pgbelay::runbook
