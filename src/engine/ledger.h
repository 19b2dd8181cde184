// Which files are pending, and the rows that say that one is deployed: our own ledger and that of the file's tool.
#pragma once

#include "engine/journal/journal.h"
#include "engine/step_runner.h"
#include "engine/target.h"
#include "engine/tool_ledger.h"
#include "runbook/runbook.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pgbelay::engine {

class Ledger {
public:
    // Looks for the tools' ledgers that these layouts have in the target.
    Ledger(Target& target, const std::set<runbook::Layout>& layouts);

    struct Pending {
        std::set<std::string> deployed;  // keys of files that are there, unchanged
        std::vector<std::string> deployed_paths;
    };
    // Throws Error{conflict} for a file that changed after its deployment, with the difference as detail; Error{refused} for a
    // directory on a database that holds objects but neither ledger nor journal, and for what the files' tool would refuse.
    Pending pending(const runbook::Runbook& runbook);

    using Histories = std::map<runbook::Layout, ToolHistory>;
    // Throws Error{refused} for a migration that its tool began and did not finish.
    Histories histories();

    // What makes the file known, for the transaction of its last step.
    Also deployed(const Journal& journal, const RunKey& key, const plan::PlannedFile& file) const;
    // The same for files that are only recorded: what a tool's ledger knows already stays as it is there.
    Also marked(const Journal& journal, const RunKey& key, const plan::PlannedFile& file, const Histories& histories) const;
    Also undeployed(const Journal& journal, const plan::PlannedFile& file) const;

private:
    Target& target_;
    std::map<runbook::Layout, ToolLedger> tools_;
};

// The layouts of a plan's files.
std::set<runbook::Layout> layouts(const plan::Plan& plan);

// Lines of `after` that `before` has not ("+ …") and the reverse ("- …"), with their numbers; the first 20 of them.
std::string difference(const std::string& before, const std::string& after);

}  // namespace pgbelay::engine
