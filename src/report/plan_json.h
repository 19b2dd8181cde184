// A plan as the JSON document that scripts rely on: docs/json.md.
#pragma once

#include "engine/prepare.h"
#include "plan/plan.h"
#include "report/json.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace pgbelay::report {

// What is known about a plan besides itself.
struct Surroundings {
    std::string target;  // "app@db1:5432/orders"; "" when no database was asked
    std::string server;  // "15.18"; "" when no database was asked
    std::vector<std::string> already_deployed;
    std::vector<std::pair<int, std::string>> in_the_way;  // step -> who
};

Json plan_json(const plan::Plan& plan, const Surroundings& surroundings);

// The steps (n) that carry something of a statement, looked up once for all of a plan.
class StepIndex {
public:
    explicit StepIndex(const plan::Plan& plan);
    const std::vector<int>& of(const plan::StatementPlan& statement) const;

private:
    std::map<std::pair<std::string, int>, std::vector<int>> steps_;  // by file and n
};
// Who stands in the way of one of a statement's steps right now.
std::vector<std::string> in_the_way_of(const StepIndex& index, const plan::StatementPlan& statement, const Surroundings& surroundings);

// One entry a relation, the strongest mode; in order of appearance.
std::vector<analysis::RelationLock> strongest(const std::vector<analysis::RelationLock>& locks);
bool is_concurrent(const analysis::Run& run);

}  // namespace pgbelay::report
