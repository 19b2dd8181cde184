#include "demo/screen.h"

#include "report/text.h"

#include <fmt/core.h>

#include <cstdio>

namespace pgbelay::demo {

namespace {

constexpr int kNameColumns = 16;
constexpr int kTimeColumns = 12;

std::string right(std::string_view text, int columns) {
    return fmt::format("{:>{}}", text, columns);
}

std::string line_of(const Row& row) {
    return report::pad(row.name, kNameColumns) + right(short_time(row.felt.p50), kTimeColumns) +
           right(short_time(row.felt.p99), kTimeColumns) + right(short_time(row.felt.longest), kTimeColumns + 3) +
           (row.change.empty() ? "" : "   " + row.change);
}

}  // namespace

void write_out(std::string_view bytes) {
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
    std::fflush(stdout);
}

Screen::~Screen() {
    erase();
}

void Screen::erase() {
    if (drawn_) {
        write_out("\r\x1b[K");
    }
    drawn_ = false;
}

void Screen::say(std::string_view text) {
    erase();
    write_out(std::string(text) + "\n");
}

void Screen::done(std::string_view text, base::Clock::duration took) {
    const std::string time = base::format_duration(took);
    const int room = style_.columns - 5 - report::width(time);
    const std::string mark = report::paint(style_, report::Ink::good, style_.utf8 ? "✓" : "+");
    say(fmt::format("  {} {}{}", mark, report::pad(report::shorten(text, room, style_), room), time));
}

void Screen::status(std::string_view text) {
    if (!live_) {
        return;
    }
    // The last column stays free: some terminals wrap when it is written.
    write_out("\r\x1b[K" + report::shorten(text, style_.columns - 1, style_));
    drawn_ = true;
}

std::string short_time(Micros time) {
    constexpr double kMilli = 1e3;
    constexpr double kSecond = 1e6;
    const auto us = static_cast<double>(time.count());
    if (us < 10 * kMilli) {
        return fmt::format("{:.1f} ms", us / kMilli);
    }
    return us < kSecond ? fmt::format("{:.0f} ms", us / kMilli) : fmt::format("{:.1f} s", us / kSecond);
}

std::string felt_table(const std::vector<Row>& rows, const report::Style& style) {
    const std::string head = report::pad("", kNameColumns) + right("p50", kTimeColumns) + right("p99", kTimeColumns) +
                             right("longest wait", kTimeColumns + 3) + "   the change";
    std::string text = report::paint(style, report::Ink::faint, head) + "\n";
    for (const Row& row : rows) {
        text += line_of(row) + "\n";
    }
    return text;
}

}  // namespace pgbelay::demo
