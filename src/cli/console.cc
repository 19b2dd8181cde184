#include "cli/console.h"

#include "base/file.h"
#include "cli/error_text.h"
#include "cli/utc.h"

#include <unistd.h>

#include <cerrno>

namespace pgbelay::cli {

void write_all(int fd, std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        const ssize_t written = write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return;
        }
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
}

Console::Console(const Terminal& terminal, Format format) : terminal_(terminal) {
    common_.format = format;
}

void Console::adopt(const Common& common) {
    common_ = common;
}

report::Style Console::style() const {
    return style_for(terminal_, stdout_is_for_people() ? terminal_.out : terminal_.err, common_.color, common_.verbose);
}

report::Style Console::document_style() const {
    return style_for(terminal_, common_.output.empty() && terminal_.out, common_.color, common_.verbose);
}

void Console::document(std::string_view bytes) const {
    if (common_.output.empty()) {
        write_all(STDOUT_FILENO, bytes);
    } else {
        base::write_file(common_.output, bytes);
    }
}

void Console::json_document(const report::Json& json) const {
    document(report::dump(json));
}

void Console::say(std::string_view text) const {
    write_all(stdout_is_for_people() ? STDOUT_FILENO : STDERR_FILENO, text);
}

void Console::error(const base::Error& error) const {
    switch (common_.format) {
        case Format::text:
        case Format::md: write_all(STDERR_FILENO, error_text(error, style_for(terminal_, terminal_.err, common_.color, false))); return;
        case Format::json: write_all(STDOUT_FILENO, report::dump(report::error_document(error))); return;
        case Format::jsonl: {
            report::Json line;
            line["event"] = "error";
            line["run"] = nullptr;
            line["at"] = utc_now();
            line["error"] = report::error_json(error);
            write_all(STDOUT_FILENO, report::dump_line(line));
            return;
        }
    }
}

}  // namespace pgbelay::cli
