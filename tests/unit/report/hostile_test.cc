// The inputs of tests/surroundings, read, planned and printed in this very process, so that sanitizers see it.
#include "base/temporary_folder.h"
#include "plan/plan.h"
#include "report/json.h"
#include "report/plan_json.h"
#include "report/plan_text.h"
#include "surroundings/hostile_input.h"

#include <gtest/gtest.h>

namespace pgbelay::report {
namespace {

void read_and_plan(const test::HostileInput& input) {
    const base::TemporaryFolder folder("hostile");
    const std::string path = folder.write(input.name, input.bytes);
    for (const auto& [name, bytes] : input.others) {
        folder.write(name, bytes);
    }
    try {
        const runbook::Runbook runbook = runbook::read({path}, {});
        const plan::Plan plan = plan::make_plan(runbook, catalog::Catalog::unknown(0), {});
        EXPECT_FALSE(plan_text(plan, {}, Style{}).empty());
        EXPECT_FALSE(plan_json(plan, {}).dump().empty());
    } catch (const base::Error& error) {
        EXPECT_NE(error.code(), base::ErrorCode::internal) << input.name << ": " << error.what();
        EXPECT_FALSE(error.place().file.empty()) << input.name << ": " << error.what();
    }
}

// In parts, so that each stays within the time of a unit test, and several run at once.
constexpr std::size_t kParts = 16;
class HostileInput : public testing::TestWithParam<std::size_t> {};

TEST_P(HostileInput, EndsInAPlanOrInAnErrorWithItsPlace) {
    const auto inputs = test::hostile_inputs();
    for (std::size_t i = GetParam(); i < inputs.size(); i += kParts) {
        SCOPED_TRACE(inputs[i].name);
        read_and_plan(inputs[i]);
    }
}

INSTANTIATE_TEST_SUITE_P(Part, HostileInput, testing::Range<std::size_t>(0, kParts));

}  // namespace
}  // namespace pgbelay::report
