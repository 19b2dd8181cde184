// The values that an expression of constants can have, as EXECUTE gets it: 'ALTER TABLE ' || quote_ident('t'), format('DROP TABLE %I', t)
// in a loop over an array of constants.
#pragma once

#include "sql/code_body.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgbelay::analysis {

using Variables = std::map<std::string, std::vector<sql::Assigned>>;

// All of them, each once; at most 256. Nothing where anything that is known only while it runs has a part in it; with a `placeholder` that
// stands for such a part. An argument without a name is a variable "$1".
std::optional<std::vector<std::string>> constant_texts(const std::string& expression, const Variables& variables,
                                                       const std::string& placeholder = {});

}  // namespace pgbelay::analysis
