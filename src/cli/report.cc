#include "base/file.h"
#include "cli/commands.h"
#include "cli/exit_status.h"
#include "cli/signing_key.h"
#include "engine/journal/records.h"
#include "engine/receipt.h"
#include "report/run_json.h"
#include "report/run_markdown.h"
#include "report/run_text.h"

namespace pgbelay::cli {

int run(const Report& command, const Context& context) {
    engine::Target target = open_target(context);
    const engine::RunRecord record = engine::load_run(target.control(), command.run);
    if (!command.receipt.empty()) {
        base::write_file(command.receipt, engine::receipt_of(target, record, signing_key(command.key)));
    }
    if (context.console.format() == Format::md) {
        context.console.document(report::run_markdown(record, target.describe()));
    } else if (context.console.json()) {
        context.console.json_document(report::run_json(record));
    } else {
        context.console.document(report::run_text(record, context.console.document_style()));
    }
    return kDone;
}

}  // namespace pgbelay::cli
