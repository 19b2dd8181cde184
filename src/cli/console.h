// Where a command's words go: documents to standard output or to a file, talk to the person, errors to standard error.
#pragma once

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/terminal.h"
#include "report/json.h"
#include "report/style.h"

#include <string>
#include <string_view>

namespace pgbelay::cli {

class Console {
public:
    // Before the arguments are understood only the format is known.
    Console(const Terminal& terminal, Format format);
    void adopt(const Common& common);

    const Terminal& terminal() const { return terminal_; }
    Format format() const { return common_.format; }
    bool json() const { return common_.format == Format::json || common_.format == Format::jsonl; }
    bool quiet() const { return common_.quiet; }
    const std::string& output() const { return common_.output; }
    // Standard output is free for people: it carries no document of ours.
    bool stdout_is_for_people() const { return common_.format == Format::text || !common_.output.empty(); }
    // Of text for people, and of a text document.
    report::Style style() const;
    report::Style document_style() const;

    // The command's result. Text and JSON, as --format says.
    void document(std::string_view bytes) const;
    void json_document(const report::Json& json) const;
    // Words for the person beside the result: on standard error when standard output carries JSON.
    void say(std::string_view text) const;
    // An error, in the form that --format asks for.
    void error(const base::Error& error) const;

private:
    Terminal terminal_;
    Common common_;
};

// Writes all of it, whatever the descriptor makes of it: a closed pipe is nobody's error in the middle of a deployment.
void write_all(int fd, std::string_view bytes) noexcept;

}  // namespace pgbelay::cli
