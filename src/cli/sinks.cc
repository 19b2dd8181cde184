#include "cli/sinks.h"

#include "cli/utc.h"
#include "report/event_json.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace pgbelay::cli {

namespace {

void to_stdout(std::string_view bytes) {
    write_all(STDOUT_FILENO, bytes);
}

base::Deadline now() {
    return base::Clock::now();
}

}  // namespace

LineFile::LineFile(const std::string& path) : fd_(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR)) {
    // A file that was there before keeps its mode; what is written now is for our eyes only.
    if (fd_ < 0 || fchmod(fd_, S_IRUSR | S_IWUSR) != 0) {
        const std::string reason = std::strerror(errno);
        if (fd_ >= 0) {
            ::close(fd_);
        }
        throw base::Error(base::ErrorCode::input, "cannot write: " + reason).at({path});
    }
}

LineFile::~LineFile() {
    ::close(fd_);
}

Sinks::Sinks(const Console& console) : console_(console) {
    const bool to_file = !console.output().empty();
    if (to_file) {  // opened before the run: a path that cannot be written is no reason to fail after it
        file_ = std::make_unique<LineFile>(console.output());
    }
    if (to_file && console.format() == Format::text) {
        plain_to_file_ =
            std::make_unique<report::PlainDisplay>(report::Style{}, false, [this](std::string_view bytes) { file_->write(bytes); }, now);
    }
    if (!console.stdout_is_for_people()) {
        return;
    }
    const Terminal& terminal = console.terminal();
    if (terminal.out && !terminal.dumb && !console.quiet()) {
        live_ = std::make_unique<report::LiveDisplay>(console.style(), to_stdout, now);
    } else {
        plain_ = std::make_unique<report::PlainDisplay>(console.style(), console.quiet(), to_stdout, now);
    }
}

void Sinks::stream(const engine::Event& event) {
    const std::string line = report::dump_line(report::event_json(event, run_, utc_now()));
    if (file_) {
        file_->write(line);
    } else {
        to_stdout(line);
    }
}

void Sinks::show(const engine::Event& event) {
    if (const auto* started = std::get_if<engine::RunStarted>(&event)) {
        run_ = started->run;
    }
    step_begun_ = step_begun_ || std::holds_alternative<engine::StepStarted>(event);
    if (live_) {
        live_->show(event);
    }
    if (plain_) {
        plain_->show(event);
    }
    if (plain_to_file_) {
        plain_to_file_->show(event);
    }
    if (console_.format() == Format::jsonl) {
        stream(event);
    }
}

void Sinks::close() {
    live_.reset();
}

void Sinks::step_aside() {
    if (live_) {
        live_->step_aside();
    }
}

void Sinks::finish(const report::Json& document, const std::string& text) {
    close();
    if (console_.format() == Format::json) {
        const std::string bytes = report::dump(document);
        file_ ? file_->write(bytes) : to_stdout(bytes);
    }
    if (plain_to_file_) {
        file_->write(text);
    }
    if (console_.stdout_is_for_people() && !console_.quiet()) {
        to_stdout(text);
    }
}

}  // namespace pgbelay::cli
