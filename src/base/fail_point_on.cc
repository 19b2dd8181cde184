// The fail points of the test binary. PGBELAY_FAIL_POINT_LOG names a file to which each boundary is appended as it is
// passed; PGBELAY_FAIL_POINT_AT=N kills the process with SIGKILL at the N-th boundary, counted from 1.
#include "base/fail_point.h"

#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <fstream>

namespace pgbelay::base {

void fail_point(std::string_view boundary) {
    static std::atomic<long> passed{0};
    const long n = ++passed;
    if (const char* log = std::getenv("PGBELAY_FAIL_POINT_LOG"); log != nullptr) {
        std::ofstream(log, std::ios::app) << n << ' ' << boundary << '\n';
    }
    if (const char* at = std::getenv("PGBELAY_FAIL_POINT_AT"); at != nullptr && std::atol(at) == n) {
        raise(SIGKILL);
    }
}

}  // namespace pgbelay::base
