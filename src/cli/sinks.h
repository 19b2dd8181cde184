// Where the events of a run go: the terminal, lines, a stream of JSON, a file; what was seen of them besides.
#pragma once

#include "cli/console.h"
#include "engine/event.h"
#include "report/live_display.h"
#include "report/plain_display.h"

#include <cstdint>
#include <memory>
#include <string>

namespace pgbelay::cli {

// A file of mode 0600 that lines are appended to as they come.
class LineFile {
public:
    // Throws Error{input}.
    explicit LineFile(const std::string& path);
    ~LineFile();
    LineFile(const LineFile&) = delete;
    LineFile& operator=(const LineFile&) = delete;

    void write(std::string_view bytes) const noexcept { write_all(fd_, bytes); }

private:
    int fd_;
};

class Sinks {
public:
    explicit Sinks(const Console& console);

    void show(const engine::Event& event);
    // The result that ends it: text after the display's last line, or the JSON document.
    void finish(const report::Json& document, const std::string& text);
    // Takes the live display off the terminal, so that other words may follow.
    void close();
    // The same until the next event: the person is asked something.
    void step_aside();

    std::int64_t run() const { return run_; }
    // Whether some step was begun: from then on something may have been changed.
    bool step_begun() const { return step_begun_; }

private:
    void stream(const engine::Event& event);

    const Console& console_;
    std::unique_ptr<report::LiveDisplay> live_;
    std::unique_ptr<report::PlainDisplay> plain_;
    std::unique_ptr<LineFile> file_;
    std::unique_ptr<report::PlainDisplay> plain_to_file_;
    std::int64_t run_ = 0;
    bool step_begun_ = false;
};

}  // namespace pgbelay::cli
