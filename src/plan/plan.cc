#include "plan/plan.h"

#include <algorithm>

namespace pgbelay::plan {

const Step* find_step(const Plan& plan, int n) {
    const auto step = std::ranges::find(plan.steps, n, &Step::n);
    return step == plan.steps.end() ? nullptr : &*step;
}

}  // namespace pgbelay::plan
