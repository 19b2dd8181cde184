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

}  // namespace pgbelay::runbook
