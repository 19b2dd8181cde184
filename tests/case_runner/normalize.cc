#include "case_runner/normalize.h"

#include <regex>

namespace pgbelay::test {

namespace {

struct Rule {
    std::regex pattern;
    const char* replacement;
};

const std::vector<Rule>& rules() {
    static const std::vector<Rule> all = [] {
        std::vector<Rule> made;
        const auto add = [&made](const char* pattern, const char* replacement) { made.push_back({std::regex(pattern), replacement}); };
        add(R"(\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)? ?(Z|UTC|[+-]\d\d(:?\d\d)?)?)", "<timestamp>");
        add(R"(\b\d\d:\d\d:\d\d\b)", "<clock>");
        // A digest has a digit and a letter: no word and no version of a migration looks like that.
        add(R"(\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{8,64}\b)", "<digest>");
        add(R"((\d+(\.\d+)? (h|min|s|ms)\b)( \d+ (min|s|ms)\b)?)", "<time>");
        add(R"(\bpid \d+)", "pid <pid>");
        add(R"(\b(127\.0\.0\.1|localhost):\d+)", "$1:<port>");
        // What a step cost is in part left out when it is nothing.
        add(R"(\(((\d+ tries|waited <time>|queued <time>|held <time>|\d+ sessions? waited on us), )*(ran )?<time>\))", "(<cost>)");
        add(R"(<clock>: ((\d+ tries|waited <time>|queued <time>|held <time>|\d+ sessions? waited on us), )*(ran )?<time>)",
            "<clock>: <cost>");
        add(R"(\n- longest time in the queue [^\n]*(\n- most seen in [^\n]*)?)", "\n- <cost>");
        add(R"(\| with \| pgbelay [^|]* \|)", "| with | pgbelay <version> |");
        add(R"(\n      took     [^\n]*(\n {15}[^\n]*)*)", "\n      took     <cost>");
        add(R"(\n  felt at most [^\n]*(\n {16}[^\n]*)*)", "\n  felt at most  <cost>");
        add(R"(\n  waited        <time> in all for others)", "");
        add(R"(\n\[\d+/\d+\] [^\n]*: (has waited|try \d+ failed)[^\n]*)", "");
        add(R"(("\w+_ms": )\d+)", "$1<time>");
        add(R"x(("(samples|tries|blocked_sessions)": )\d+)x", "$1<count>");
        add(R"(("maxima": )\{[^}]*\})", "$1<samples>");
        // A short run may be over before the first sample.
        add(R"(\n\nGuard, the most seen in \d+ samples?:(\n  \w+ +[\d.]+)*)", "");
        // Figures of the moment.
        add(R"x((health after "[^"\n]*"):[^\n]*(\n {3}(?! *health)[^\n]*)*)x", "$1: <figures>");
        // The version's length decides where the line is broken.
        add(R"(PostgreSQL\s+\d+(\.\d+)?( \([^)]*\))?)", "PostgreSQL <version>");
        add(R"((Plan of [^\n]* for)\s+(\S+,)\s+(PostgreSQL <version>:)\s+(\d+)\s+(statements?,)\s+(\d+)\s+(steps?)\s+to\s+run)",
            "$1 $2 $3 $4 $5 $6 $7 to run");
        // So does a time's.
        add(R"((\n  in way [^\n]*)\n {12}(?! ))", "$1 ");
        add(R"x(("server": )"[\d.]+")x", "$1\"<version>\"");
        add(R"(<timestamp> +<operator> +)", "<timestamp> <operator> ");
        add(R"([ \t]+(\n|$))", "$1");
        return made;
    }();
    return all;
}

}  // namespace

std::string normalize(std::string text, const std::vector<std::pair<std::string, std::string>>& names) {
    for (const auto& [from, to] : names) {
        for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
            text.replace(at, from.size(), to);
        }
    }
    for (const Rule& rule : rules()) {
        text = std::regex_replace(text, rule.pattern, rule.replacement);
    }
    return text;
}

}  // namespace pgbelay::test
