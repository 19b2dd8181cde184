#include "base/error.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace pgbelay::base {
namespace {

TEST(Error, SaysWhereAndWhatInOneLine) {
    EXPECT_STREQ(Error(ErrorCode::input, "unterminated quote").at({"a.sql", 3, 7}).what(), "a.sql:3:7: unterminated quote");
    EXPECT_STREQ(Error(ErrorCode::input, "unterminated quote").what(), "unterminated quote");
    EXPECT_STREQ(Error(ErrorCode::input, "not a text file").at({"a.sql", 0, 0}).what(), "a.sql: not a text file");
}

TEST(Error, KeepsWhatTheReaderNeedsNext) {
    const auto error = Error(ErrorCode::server, "no such table")
                           .hint("create it")
                           .sqlstate("42P01")
                           .detail("at step 3")
                           .cause(std::runtime_error("the server's word"));
    EXPECT_EQ(error.hint(), "create it");
    EXPECT_EQ(error.sqlstate(), "42P01");
    EXPECT_EQ(error.detail(), "at step 3");
    EXPECT_EQ(error.cause(), "the server's word");
    EXPECT_EQ(error.code(), ErrorCode::server);
}

TEST(ErrorCode, HasANameForTheDocuments) {
    EXPECT_EQ(to_string(ErrorCode::refused), "refused");
    EXPECT_EQ(to_string(ErrorCode::interrupted), "interrupted");
}

TEST(Place, ShowsWhatIsKnown) {
    EXPECT_EQ(to_string(Place{"a", 1, 2}), "a:1:2");
    EXPECT_EQ(to_string(Place{"a", 1, 0}), "a:1");
    EXPECT_EQ(to_string(Place{}), "");
}

}  // namespace
}  // namespace pgbelay::base
