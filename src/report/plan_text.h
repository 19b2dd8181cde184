// A plan as a person reads it before saying yes: what is written, what will run, under which locks, and what undoes it.
#pragma once

#include "plan/plan.h"
#include "report/plan_json.h"
#include "report/style.h"

#include <string>

namespace pgbelay::report {

std::string plan_text(const plan::Plan& plan, const Surroundings& surroundings, const Style& style);

// "not before 2026-01-31 02:00:00+01:00", "not before 7 d after step 3"; empty for a step that waits for nothing.
std::string not_before_words(const plan::Step& step);
// Steps that will run: those that are not already there.
int steps_to_run(const plan::Plan& plan);
// What cannot be taken back once it ran: "step 3 (drop column a.b)"; empty when everything can.
std::vector<std::string> points_of_no_return(const plan::Plan& plan);

}  // namespace pgbelay::report
