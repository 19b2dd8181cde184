// What the benchmarks share as programs: their arguments, the promises that they hold pgbelay to, and their figures as JSON.
#pragma once

#include "base/wait.h"

#include <nlohmann/json.hpp>

#include <functional>
#include <string>
#include <vector>

namespace pgbelay::bench {

struct Arguments {
    std::string pgbelay;  // the program that is measured
    std::string json;     // the file for the figures; "" = none
};

// Runs `measure` with what the command line says; its result is the exit status. Errors are printed and are 2.
int run_benchmark(int argc, char** argv, const std::string& name,
                  const std::function<int(const Arguments& arguments, const base::StopSignal& stop)>& measure);

class Promises {
public:
    void at_most(std::string what, double is, double bound, std::string unit);
    void at_least(std::string what, double is, double bound, std::string unit);

    // Prints them, writes them to the file with `figures`, and says whether all are kept: 0 or 1.
    int conclude(nlohmann::ordered_json figures, const std::string& file) const;

private:
    struct Promise {
        std::string what;
        double is;
        double bound;
        bool least;
        std::string unit;
        bool kept() const { return least ? is >= bound : is <= bound; }
    };
    std::vector<Promise> promises_;
};

// Nothing when there is no file.
void write_figures(const nlohmann::ordered_json& figures, const std::string& file);

}  // namespace pgbelay::bench
