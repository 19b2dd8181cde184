// Stacks on which the grammar may recurse: a thread of our own, handed whole pieces of work.
#pragma once

#include <functional>

namespace pgbelay::sql {

// Runs `work` on a thread with 512 MB of stack (reserved, not used, so that it costs nothing) and waits for its end; at once when
// the caller is on such a stack already. What `work` throws is thrown here. There is one such thread, since libpg_query
// takes one of the process's 1024 thread keys for every thread that it sees and never gives it back: whoever parses much hands over
// everything that he parses in one go. Throws Error{internal} when the thread cannot be started.
void on_large_stack(const std::function<void()>& work);

// Runs `work` on that many such threads at the same time and waits for all of them. What one of them throws is thrown here.
void on_large_stacks(unsigned threads, const std::function<void()>& work);

}  // namespace pgbelay::sql
