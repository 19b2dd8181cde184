#include "base/digest.h"

#include <gtest/gtest.h>

namespace pgbelay::base {
namespace {

// The vectors of FIPS 180-4.
TEST(Sha256, FitsTheStandardsVectors) {
    EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(DigestBuilder, KeepsFieldsApart) {
    EXPECT_NE(DigestBuilder().add("ab").add("c").hex(), DigestBuilder().add("a").add("bc").hex());
    EXPECT_NE(DigestBuilder().add("a").add("").hex(), DigestBuilder().add("a").hex());
    EXPECT_EQ(DigestBuilder().add("a").add("b").hex(), DigestBuilder().add("a").add("b").hex());
}

}  // namespace
}  // namespace pgbelay::base
