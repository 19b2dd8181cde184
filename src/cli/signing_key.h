// Which SSH key signs approvals and receipts.
#pragma once

#include <string>

namespace pgbelay::cli {

// What --key says, else the key that ssh would try first. Throws Error{usage} when the account has none.
std::string signing_key(const std::string& given);

}  // namespace pgbelay::cli
