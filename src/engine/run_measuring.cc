// When a run measures what its plan says, and what becomes of it when that cannot be done.
#include "engine/run_loop.h"

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

// Once an incarnation, right before the first step that may change something.
RunLoop::Next RunLoop::measure_before() {
    if (measured_before_) {
        return Next::go_on;
    }
    measured_before_ = true;
    try {
        measurements_.before(*session_, changed());
        measurements_.begin_probes(*session_);
        return Next::go_on;
    } catch (const Error& error) {
        return failed_to_measure(error);
    }
}

void RunLoop::measure_after() {
    try {
        measurements_.end_probes(*session_);
        measurements_.after(*session_);
    } catch (const Error& error) {
        failed_to_measure(error);
    }
}

RunLoop::Next RunLoop::failed_to_measure(const Error& error) {
    if (error.code() == ErrorCode::connection || error.code() == ErrorCode::conflict) {
        throw error;
    }
    if (error.code() == ErrorCode::interrupted) {
        take_effect_order(Order::stop, "");
    } else {
        fail(error);
    }
    return Next::end;
}

}  // namespace pgbelay::engine
