#include "report/markdown.h"

#include <gtest/gtest.h>

namespace pgbelay::report {
namespace {

TEST(Markdown, ShowsTextAsItIs) {
    EXPECT_EQ(markdown_text("orders_status_idx on public.orders"), "orders_status_idx on public.orders");
    EXPECT_EQ(markdown_text("a|b *c* [d] `e` \\"), "a\\|b \\*c\\* \\[d\\] \\`e\\` \\\\");
    EXPECT_EQ(markdown_text("_a_ b_c"), "\\_a\\_ b_c");
    EXPECT_EQ(markdown_text(">=13 <19 <b> a&b & &#38;"), ">=13 <19 \\<b> a\\&b & \\&#38;");
    EXPECT_EQ(markdown_text("two\n| lines"), "two \\| lines");
}

TEST(Markdown, FencesWithMoreBackticksThanTheTextHas) {
    EXPECT_EQ(markdown_fence("sql", "SELECT 1"), "```sql\nSELECT 1\n```\n\n");
    EXPECT_EQ(markdown_fence("", "````\n"), "`````\n````\n`````\n\n");
}

}  // namespace
}  // namespace pgbelay::report
