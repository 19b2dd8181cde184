// Looks, around the steps of a run, whether tables lose rows with which the plan has no business.
#pragma once

#include "engine/rows.h"
#include "engine/session.h"
#include "engine/target.h"
#include "plan/plan.h"

#include <string>
#include <vector>

namespace pgbelay::engine {

class RowWatch {
public:
    explicit RowWatch(const plan::Plan& plan) : plan_(plan) {}

    // Before the first step of each incarnation. The small tables are counted once a run, as long as `nothing_done`; what was counted is
    // in the journal, and is written there again where a failover lost it.
    void before(Target& target, Session& session, bool nothing_done);

    // After the last step.
    RowsReport after(Target& target, Session& session);

    // Words for each table that lost rows.
    std::vector<std::string> failures(pg::Connection& connection, const RowsReport& rows) const;

private:
    std::vector<catalog::Oid> small() const;

    const plan::Plan& plan_;
    std::vector<RowCount> counts_;
};

}  // namespace pgbelay::engine
