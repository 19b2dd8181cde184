// Is what a plan promised there, whole and valid: decided from the catalog.
#pragma once

#include "engine/run.h"
#include "engine/session.h"
#include "plan/plan.h"

#include <set>
#include <string>
#include <vector>

namespace pgbelay::engine {

// Conditions of the plan's steps that later ones do not supersede, and INVALID indexes and NOT VALID constraints on the tables that it
// touches. `all`: of every step; else only of those that are not skipped. Words for each that fails.
std::vector<std::string> verification_failures(pg::Connection& connection, const plan::Plan& plan, bool all,
                                               const std::set<int>& only = {});

// Of the steps that have an intent and no end: those that took effect all the same, as the catalog shows.
std::set<int> ended_unseen(pg::Connection& connection, Journal& journal, const RunKey& key, const plan::Plan& plan);
// Writes them down as adopted, once no orphan works on the run any more.
void adopt_ended_unseen(Target& target, Session& session, const plan::Plan& plan);

// Drops INVALID indexes that the plan's unfinished builds left; what cannot go is journalled as a debt and returned in words.
std::vector<std::string> clean_up_leftovers(Target& target, Session& session, const plan::Plan& plan);

// The steps that the plan skips, as a report shows them.
std::vector<StepReport> reports_of_skipped(const plan::Plan& plan);
StepReport report_of(const plan::Step& step);

}  // namespace pgbelay::engine
