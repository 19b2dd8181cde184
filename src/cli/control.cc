#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/follow.h"
#include "report/text.h"

namespace pgbelay::cli {

namespace {

// What the run's process was told: {"target", "told"}, or one line.
void say_what_was_told(const Context& context, const engine::Target& target, const std::string& words) {
    if (context.console.json()) {
        report::Json json;
        json["target"] = target.describe();
        json["told"] = words;
        context.console.json_document(json);
    } else {
        context.console.document(report::one_line(words) + "\n");
    }
}

}  // namespace

int run(const Pause& command, const Context& context) {
    engine::Target target = open_target(context);
    say_what_was_told(context, target, engine::request_pause(target, command.run, command.now));
    return kDone;
}

int run(const Resume& command, const Context& context) {
    engine::Target target = open_target(context);
    if (const std::optional<std::string> words = engine::request_resume(target, command.run)) {
        say_what_was_told(context, target, *words);
        return kDone;
    }
    pass_gates(engine::check_replicas(target));
    return follow(context, target, false, [&](const engine::Sink& sink, const engine::Confirmer& confirmer) {
        return engine::resume(target, command.run, run_options(context, target, command.on_failure, confirmer), sink);
    });
}

int run(const Abort& command, const Context& context) {
    engine::Target target = open_target(context);
    const auto show_notices = [&](const engine::Event& event) {
        if (const auto* notice = std::get_if<engine::Notice>(&event); notice != nullptr && !context.console.json()) {
            context.console.say((notice->warning ? "warning: " : "") + report::one_line(notice->text) + "\n");
        }
    };
    say_what_was_told(context, target, engine::request_abort(target, command.run, show_notices));
    return kDone;
}

}  // namespace pgbelay::cli
