// Runs one case on one server: plan, deploy and rollback through the executable, and the catalog looked at in between.
#pragma once

#include "case_runner/case.h"

#include <filesystem>
#include <string>

namespace pgbelay::test {

struct Environment {
    std::string server_url;  // of its database "postgres"
    std::string major;
    std::filesystem::path binary;
    bool accept = false;   // rewrite what is expected instead of comparing
    bool by_hand = false;  // what `pgbelay render` prints is carried out with psql, in place of a deployment
};

struct Verdict {
    enum class Is { passed, failed, skipped } is = Is::passed;
    std::string text;  // why it was skipped, or what was expected and what came
};

// Never throws: whatever goes wrong is a failure of the case.
Verdict run_case(const Case& one, const Environment& environment);

}  // namespace pgbelay::test
