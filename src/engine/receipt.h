// Receipts: signed words of one target that a runbook was deployed there, for another target from which the first cannot be asked.
#pragma once

#include "base/wait.h"
#include "engine/answer.h"
#include "engine/journal/records.h"
#include "engine/target.h"
#include "runbook/requirement.h"

#include <string>

namespace pgbelay::engine {

// The receipt's bytes. Throws Error{refused} for a run that is not deployed and verified, or when it could not be signed.
std::string receipt_of(Target& target, const RunRecord& run, const std::string& key_file);

// Whether the file that the requirement names shows that `digest` was deployed, by a signer who is allowed.
Answer shown_by_receipt(Target& target, const std::string& digest, const runbook::Requirement& requirement);

}  // namespace pgbelay::engine
