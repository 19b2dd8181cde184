// The one exception type of pgbelay: what went wrong, where in the user's file, why, and what to do next.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace pgbelay::base {

// A position in a file that the user gave. Lines and columns count from 1; columns count characters, not bytes.
// `line == 0` means "no position": the whole file, or no file at all when `file` is empty too.
struct Place {
    std::string file;
    int line = 0;
    int column = 0;

    bool operator==(const Place&) const = default;
};

// `file:line:column`, or what of it is known; empty when nothing is.
std::string to_string(const Place& place);

// What kind of failure this is. The exit status is not decided by the code alone: see cli/exit_status.h.
enum class ErrorCode {
    usage,        // the command line is wrong
    input,        // a file cannot be read or understood
    refused,      // the deployment would be unsafe, or the target does not allow it
    connection,   // the target cannot be reached, or the connection broke
    server,       // the server answered with an error to something that we sent
    check,        // a check that was asked for does not hold
    conflict,     // somebody else holds the database, or the file changed after its deployment
    interrupted,  // Ctrl-C, SIGTERM or `abort`
    unknown,      // it cannot be known whether a step happened; a person decides
    internal,     // a defect of pgbelay
};

// The code's name as the JSON documents spell it, such as "refused".
std::string_view to_string(ErrorCode code);

// Thrown for everything that the engine does not plan for; caught at step and command boundaries only.
// Messages are lower case without a final full stop; the hint says what to do next.
class Error : public std::exception {
public:
    Error(ErrorCode code, std::string message);

    // Each returns the error itself, so that a throw reads as one sentence:
    //   throw Error(ErrorCode::input, "unterminated quoted string").at(place).hint("close the quote");
    Error& at(Place place);
    Error& hint(std::string hint);
    Error& sqlstate(std::string sqlstate);
    Error& detail(std::string detail);
    Error& cause(const std::exception& cause);

    ErrorCode code() const { return code_; }
    const std::string& message() const { return message_; }
    const std::string& hint() const { return hint_; }
    const std::string& detail() const { return detail_; }
    const std::string& sqlstate() const { return sqlstate_; }
    const std::string& cause() const { return cause_; }
    const Place& place() const { return place_; }

    // `file:line:column: message`, one line.
    const char* what() const noexcept override { return what_.c_str(); }

private:
    void compose();

    ErrorCode code_;
    std::string message_;
    std::string hint_;
    std::string detail_;
    std::string sqlstate_;
    std::string cause_;
    Place place_;
    std::string what_;
};

}  // namespace pgbelay::base
