// Takes passwords out of statements and messages before anybody reads them.
#pragma once

#include <string>
#include <string_view>

namespace pgbelay::report {

// Masks the constant after the word PASSWORD (roles, user mappings), `password=` of connection strings, and the password in URLs.
std::string redact(std::string_view text);

}  // namespace pgbelay::report
