#include "demo/screen.h"

#include "base/file.h"
#include "demo/franchise_change.h"
#include "report/text.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

namespace pgbelay::demo {
namespace {

TEST(ShortTime, HasTheDigitsThatMatter) {
    EXPECT_EQ(short_time(Micros{0}), "0.0 ms");
    EXPECT_EQ(short_time(Micros{640}), "0.6 ms");
    EXPECT_EQ(short_time(Micros{41'300}), "41 ms");
    EXPECT_EQ(short_time(Micros{8'120'000}), "8.1 s");
}

TEST(FeltTable, ShowsEachWayInALineOfItsOwn) {
    Row nothing{"no deployment", {}, ""};
    nothing.felt.p50 = Micros{640};
    nothing.felt.p99 = Micros{9'400};
    nothing.felt.longest = Micros{41'000};
    Row psql{"psql -f", {}, "done in 11.9 s"};
    psql.felt.p50 = Micros{1'000'000};
    psql.felt.p99 = Micros{6'800'000};
    psql.felt.longest = Micros{7'000'000};
    EXPECT_EQ(felt_table({nothing, psql}, {}),
              "                         p50         p99   longest wait   the change\n"
              "no deployment         0.6 ms      9.4 ms          41 ms\n"
              "psql -f                1.0 s       6.8 s          7.0 s   done in 11.9 s\n");
}

TEST(FranchiseChange, IsTheExampleToTheByteAndFitsATerminal) {
    const std::filesystem::path folder = std::filesystem::path(PGBELAY_SOURCE_DIR) / "examples/franchise-indexes";
    EXPECT_EQ(franchise_example(), base::read_file(folder / "RUNBOOK.md"));
    const std::string example = base::read_file(folder / "franchise.sql");
    EXPECT_EQ(franchise_change(), example);
    std::istringstream lines(example);
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LT(report::width(line), 80) << line;
    }
}

TEST(FranchiseChange, MeasuresInTheDemonstrationWithoutDemands) {
    const std::string runbook = franchise_runbook();
    EXPECT_NE(runbook.find("```sql explain name=overview runs=9\n"), std::string::npos) << runbook;
    EXPECT_EQ(runbook.find("min_speedup"), std::string::npos);
    EXPECT_EQ(runbook.find("approvals"), std::string::npos);
}

}  // namespace
}  // namespace pgbelay::demo
