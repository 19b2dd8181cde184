#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/exit_status.h"
#include "cli/interrupts.h"
#include "cli/secrets.h"

#include <exception>

int main(int argc, char** argv) {
    using namespace pgbelay;
    const std::vector<std::string> words = cli::take_words(argc, argv);
    cli::Console console(cli::look_at_terminal(), cli::format_asked_for(words));
    try {
        const auto read = cli::read_arguments(words);
        if (const auto* answer = std::get_if<cli::Answer>(&read)) {
            console.say(answer->text);
            return cli::kDone;
        }
        const auto& arguments = std::get<cli::Arguments>(read);
        console.adopt(arguments.common);
        cli::Interrupts interrupts;
        return cli::carry_out(arguments, console, interrupts);
    } catch (const base::Error& error) {
        console.error(error);
        return cli::exit_status(error.code(), 0);
    } catch (const std::exception& defect) {
        console.error(base::Error(base::ErrorCode::internal, defect.what()).hint("this is a defect of pgbelay; please report it"));
        return cli::kPartWay;
    }
}
