// What the runners of the different kinds of step share: one step in, one outcome out.
#pragma once

#include "engine/confirmer.h"
#include "engine/control_point.h"
#include "engine/event.h"
#include "engine/expectation.h"
#include "engine/guard.h"
#include "engine/replicas.h"
#include "engine/session.h"
#include "engine/target.h"
#include "plan/plan.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pgbelay::engine {

// Everything that a runner may use; nothing of it is its own.
struct RunContext {
    Target& target;
    const plan::Plan& plan;
    Session& session;
    ControlPoint& control;
    Guard& guard;
    const Sink& sink;
    Replicas& replicas;
    runbook::Blockers blockers{};  // what is done about sessions in the way
    // Relations that earlier steps made in this very process: nobody has had the time to hold them for long.
    const std::set<sql::QualifiedName>& made;
};

struct StepOutcome {
    StepResult result = StepResult::done;
    StepTimes times;
    std::string note;
    std::optional<base::Error> error;  // for failed and unknown
    Order interrupted = Order::go_on;  // an order ended it before its end; nothing of it stands
};

// The statements of ours that go into the transaction in which a step becomes done: the ledgers' rows of its file.
using Also = std::vector<pg::Connection::Piece>;

// Whether the journal hears of the end: not of a part of a step, whose whole the catalog shows.
enum class Recorded { yes, no };

// One transaction, fenced; strong locks under the lock budget, tried until the step's deadline. Throws Error{connection}.
StepOutcome run_transaction(RunContext& run, const plan::Step& step, const Also& also, Recorded recorded = Recorded::yes);

// A partitioned index: what it lacks is looked up, built and attached, bottom up, until it is valid.
StepOutcome run_attach(RunContext& run, const plan::Step& step, const std::optional<Intent>& before, const Also& also);

// A read-only query with an expectation.
StepOutcome run_check(RunContext& run, const plan::Step& step, const Also& also);

// `sql try`: statements in a transaction that is always rolled back, under the lock budget.
StepOutcome run_try(RunContext& run, const plan::Step& step, const Also& also);

// A person's word, given beforehand or asked for now.
StepOutcome run_confirm(RunContext& run, const plan::Step& step, const Confirmer& confirmer, const Also& also);

// The same with a row for the evidence, in the same transaction.
Also with_evidence(const RunContext& run, const Also& also, const Evidence& evidence);
// What earlier checks recorded, where the step compares with it.
Records records_for(RunContext& run, const plan::Step& step);

// The query of `-- pgbelay: when`, read-only: whether it yields true. Throws Error{server|check}.
bool when_holds(RunContext& run, const plan::Step& step);

// The user's context as pieces for a transaction of ours (SET LOCAL), and as statements for a session.
std::vector<pg::Connection::Piece> context_pieces(const pg::Connection& connection, const plan::SessionContext& context);
void apply_context(pg::Connection& connection, const plan::SessionContext& context);

// The step's post-condition on the catalog as it is now; "" when it holds.
std::string condition_failure(pg::Connection& connection, const catalog::Condition& condition);

// A server's error as ours, at the place of the statement, with what a person can do about it.
base::Error explain(const pg::ServerError& error, const plan::Send& send);

// Ends a transaction that is open after an error. Throws Error{connection}.
void roll_back(pg::Connection& connection);

}  // namespace pgbelay::engine
