#include "runbook/checksums.h"

#include <gtest/gtest.h>

namespace pgbelay::runbook {
namespace {

// CRC-32 of "123456789" is the algorithm's published check value, 0xCBF43926.
constexpr std::int32_t kCheckValue = static_cast<std::int32_t>(0xCBF43926U);

TEST(FlywayChecksum, IsTheSignedCrcOfTheLines) {
    EXPECT_EQ(flyway_checksum("123456789"), kCheckValue);
    EXPECT_LT(flyway_checksum("123456789"), 0);
    EXPECT_EQ(flyway_checksum(""), 0);
}

TEST(FlywayChecksum, DoesNotDependOnLineEndsOrByteOrderMark) {
    EXPECT_EQ(flyway_checksum("1234\n56789\n"), kCheckValue);
    EXPECT_EQ(flyway_checksum("1234\r\n56789\r\n"), kCheckValue);
    EXPECT_EQ(flyway_checksum("1234\r5\n\n6789"), kCheckValue);
    EXPECT_EQ(flyway_checksum("\xEF\xBB\xBF"
                              "123456789"),
              kCheckValue);
}

TEST(FlywayChecksum, CountsEveryOtherByte) {
    EXPECT_NE(flyway_checksum("123456789 "), kCheckValue);
}

TEST(PrismaChecksum, IsTheSha256OfTheBytes) {
    EXPECT_EQ(prisma_checksum("hello"), "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
    EXPECT_NE(prisma_checksum("hello\n"), prisma_checksum("hello\r\n"));
}

}  // namespace
TEST(PrismaChecksum, MatchesAcrossLineEnds) {
    EXPECT_TRUE(prisma_checksum_matches("a\nb\n", prisma_checksum("a\nb\n")));
    EXPECT_TRUE(prisma_checksum_matches("a\nb\n", prisma_checksum("a\r\nb\r\n")));
    EXPECT_TRUE(prisma_checksum_matches("a\r\nb\r\n", prisma_checksum("a\nb\n")));
    EXPECT_FALSE(prisma_checksum_matches("a\nb\n", prisma_checksum("a\nb")));
    EXPECT_FALSE(prisma_checksum_matches("a\nb\n", ""));
}

}  // namespace pgbelay::runbook
