// The fail points of the test binary. Boundaries are counted from 1, over all threads.
//   PGBELAY_FAIL_POINT_LOG=FILE      each boundary is appended to the file as it is passed
//   PGBELAY_FAIL_POINT_AT=N          SIGKILL at the N-th
//   PGBELAY_FAIL_POINT_STOP_AT=M,N   SIGSTOP at each of these: who started the process does his fault, then sends SIGCONT
#include "base/fail_point.h"

#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace pgbelay::base {

namespace {

bool named(const char* variable, long n) {
    const char* numbers = std::getenv(variable);
    std::istringstream list(numbers == nullptr ? "" : numbers);
    for (std::string number; std::getline(list, number, ',');) {
        if (std::atol(number.c_str()) == n) {
            return true;
        }
    }
    return false;
}

}  // namespace

void fail_point(std::string_view boundary) {
    static std::atomic<long> passed{0};
    const long n = ++passed;
    if (const char* log = std::getenv("PGBELAY_FAIL_POINT_LOG"); log != nullptr) {
        std::ofstream(log, std::ios::app) << n << ' ' << boundary << '\n';
    }
    if (named("PGBELAY_FAIL_POINT_AT", n)) {
        raise(SIGKILL);
    }
    if (named("PGBELAY_FAIL_POINT_STOP_AT", n)) {
        raise(SIGSTOP);
    }
}

bool has_fail_points() {
    return true;
}

}  // namespace pgbelay::base
