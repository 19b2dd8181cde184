// Parse nodes as analysis reads them: the catalog's readers under this module's name, and places in the author's bytes.
#pragma once

#include "catalog/tree_util.h"
#include "sql/tokens.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::analysis {

using catalog::integer_of;
using catalog::is_serial;
using catalog::name_of;
using catalog::name_of_list;
using catalog::QualifiedName;
using catalog::string_of;
using catalog::strings_of;
using catalog::text;
using catalog::type_name;

// ASCII letters only, as the server folds what is not quoted.
std::string lower(std::string text);

// The statement's tokens without its comments. Empty when it cannot be scanned.
std::vector<sql::Token> significant_tokens(std::string_view sql);

// The index of the first token at or after `from` that is this keyword outside of parentheses; tokens.size() when there is none.
std::size_t find_keyword(const std::vector<sql::Token>& tokens, std::string_view keyword, std::size_t from = 0);
// The index just past the parenthesis that closes the one at `open`; tokens.size() when it is not closed.
std::size_t past_parenthesis(const std::vector<sql::Token>& tokens, std::size_t open);

}  // namespace pgbelay::analysis
