// Approvals of a runbook: signatures over its digest that lie beside it, in the folder FILE.approvals.
#pragma once

#include "base/wait.h"
#include "engine/answer.h"
#include "runbook/requirement.h"

#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::engine {

// What a person may approve a runbook as: "prepared", "reviewed", "approved".
extern const std::vector<std::string_view> kApprovalRoles;

// Signs and writes an approval; returns its path. Throws Error{refused|input|usage}.
std::string approve(const std::string& runbook_file, const std::string& name, const std::string& digest, const std::string& role,
                    const std::string& key_file, const base::StopSignal* stop);

// One file of the folder, looked at.
struct Approval {
    std::string file;
    std::string role;
    std::string principal;  // "" when it does not count
    std::string key;
    std::string at;   // when, as the signer's clock had it
    std::string why;  // why it does not count: "it is for another digest: the runbook was changed since"
};
// All of them, by name. Allowed signers: a file of ssh-keygen's format.
std::vector<Approval> read_approvals(const std::string& runbook_file, const std::string& digest, const std::string& allowed_signers,
                                     const base::StopSignal* stop);

// Whether enough people have signed the digest as `subject`: each counts once, and who deploys counts where that is allowed only.
Answer approved(const runbook::Requirement& requirement, const std::string& digest, const base::StopSignal* stop);

// Whether the approver is who sits here: his name is the system user's, or his key is among those of this account.
bool is_operator(const Approval& approval);

}  // namespace pgbelay::engine
