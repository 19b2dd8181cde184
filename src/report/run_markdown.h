// A run as Markdown: its runbook with, under each step, what came of it. What people file as the record of a deployment.
#pragma once

#include "engine/journal/records.h"

#include <string>

namespace pgbelay::report {

// `target` is what the database is called: "app@db1:5432/orders". Needs the run's plan and steps.
std::string run_markdown(const engine::RunRecord& run, const std::string& target);

}  // namespace pgbelay::report
