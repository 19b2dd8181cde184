#include "demo/demo.h"

#include "cli/commands.h"

namespace pgbelay::cli {

int run(const Demo& command, const Context& context) {
    const Terminal& terminal = context.console.terminal();
    demo::Options options;
    options.quick = command.quick;
    options.style = context.console.style();
    options.live = terminal.out && !terminal.dumb;
    return demo::run(options, context.interrupts.stop());
}

}  // namespace pgbelay::cli
