#include "program.h"

#include "base/error.h"
#include "base/file.h"
#include "cli/interrupts.h"

#include <fmt/core.h>

#include <utility>

namespace pgbelay::bench {

namespace {

Arguments read_arguments(const std::vector<std::string>& words, const std::string& name) {
    Arguments arguments{.pgbelay = PGBELAY_BINARY};
    for (std::size_t i = 0; i < words.size(); i += 2) {
        std::string* const value = words[i] == "--json" ? &arguments.json : words[i] == "--pgbelay" ? &arguments.pgbelay : nullptr;
        if (value == nullptr || i + 1 == words.size()) {
            throw base::Error(base::ErrorCode::usage, fmt::format("usage: {} [--json FILE] [--pgbelay PROGRAM]", name));
        }
        *value = words[i + 1];
    }
    return arguments;
}

}  // namespace

int run_benchmark(int argc, char** argv, const std::string& name,
                  const std::function<int(const Arguments& arguments, const base::StopSignal& stop)>& measure) {
    cli::Interrupts interrupts;
    try {
        return measure(read_arguments({argv + 1, argv + argc}, name), interrupts.stop());
    } catch (const base::Error& error) {
        fmt::print(stderr, "{}: {}{}\n", name, error.what(), error.hint().empty() ? "" : "\nhint: " + error.hint());
        return 2;
    }
}

void Promises::at_most(std::string what, double is, double bound, std::string unit) {
    promises_.push_back({std::move(what), is, bound, false, std::move(unit)});
}

void Promises::at_least(std::string what, double is, double bound, std::string unit) {
    promises_.push_back({std::move(what), is, bound, true, std::move(unit)});
}

int Promises::conclude(nlohmann::ordered_json figures, const std::string& file) const {
    bool kept = true;
    fmt::print("\npromises\n");
    for (const Promise& p : promises_) {
        kept = kept && p.kept();
        fmt::print("  {:<44} {:>7.2f} {}, at {} {:.2f}{}\n", p.what, p.is, p.unit, p.least ? "least" : "most", p.bound,
                   p.kept() ? "" : "  NOT KEPT");
        figures["promises"].push_back(
            {{"what", p.what}, {"is", p.is}, {p.least ? "at_least" : "at_most", p.bound}, {"unit", p.unit}, {"kept", p.kept()}});
    }
    write_figures(figures, file);
    return kept ? 0 : 1;
}

void write_figures(const nlohmann::ordered_json& figures, const std::string& file) {
    if (!file.empty()) {
        constexpr int kIndent = 2;
        base::write_file(file, figures.dump(kIndent) + "\n");
    }
}

}  // namespace pgbelay::bench
