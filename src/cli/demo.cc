#include "demo/demo.h"

#include "cli/commands.h"

namespace pgbelay::cli {

int run(const Demo& command, const Context& context) {
    const report::Style style = context.console.style();
    demo::Options options;
    options.quick = command.quick;
    options.color = style.color;
    options.columns = style.columns;
    return demo::run(options, context.interrupts.stop());
}

}  // namespace pgbelay::cli
