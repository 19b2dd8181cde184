// What the fuzzers share: only an Error that says what is wrong with the input is an answer.
#pragma once

#include "base/error.h"

#include <cstdlib>
#include <string_view>

namespace pgbelay::fuzz {

// Carries out `work`. Bad input may be refused; an internal error, or any other exception, ends the process as a finding.
template <class Work>
void answer(Work&& work) {
    try {
        work();
    } catch (const base::Error& error) {
        if (error.code() == base::ErrorCode::internal) {
            throw;
        }
    }
}

// Includes would lead the fuzzer to other files, or to devices: what they may do is tested elsewhere.
inline bool includes(std::string_view bytes) {
    return bytes.find("\\i") != std::string_view::npos;
}

}  // namespace pgbelay::fuzz
