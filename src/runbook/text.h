// Lines, columns and near words of the files that people write.
#pragma once

#include "base/error.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::runbook {

// The lines of a text without their ends (\n or \r\n), as views into it.
std::vector<std::string_view> split_lines(std::string_view text);

// The column, in characters from 1, of byte `offset` of a line of UTF-8.
int column_at(std::string_view line, std::size_t offset);

// Throws Error{input} with the place when `text` is not UTF-8 or contains a NUL byte.
void require_utf8(std::string_view text, const std::string& file);

// Throws Error{input} with the place for a name of more than 200 bytes: it is shown in one line, again and again.
void require_short(std::string_view name, const base::Place& place);

// Without a leading UTF-8 byte order mark.
std::string_view without_bom(std::string_view text);

std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);  // ASCII letters only
bool all_digits(std::string_view text);       // and not empty

// The candidate that is most like `word`, for "did you mean"; the first of equals. `candidates` is not empty.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// "did you mean `x`? known are a, b, c".
std::string suggest(std::string_view word, std::span<const std::string_view> candidates);

base::Error input_error(std::string message, base::Place place);

}  // namespace pgbelay::runbook
