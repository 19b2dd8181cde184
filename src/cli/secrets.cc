#include "cli/secrets.h"

#include <cstddef>
#include <cstring>
#include <string_view>

namespace pgbelay::cli {

namespace {

void wipe(char* text) {
    std::memset(text, '*', std::strlen(text));
}

// Wipes the value inside a word such as `--db=URL`, `-dURL` or `-yqdURL`; says whether the value is the next word instead.
bool wipe_in(char* word) {
    const std::string_view text(word);
    for (const std::string_view name : {std::string_view("--db"), std::string_view("--replica"), std::string_view("--set")}) {
        if (text == name) {
            return true;
        }
        if (text.starts_with(name) && text[name.size()] == '=') {
            wipe(word + name.size() + 1);
            return false;
        }
    }
    if (text.size() < 2 || text[0] != '-' || text[1] == '-') {
        return false;
    }
    // Short flags may be joined; only those without a value can stand before -d.
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == 'd') {
            wipe(word + i + 1);
            return i + 1 == text.size();
        }
        if (std::string_view("yqvhV").find(text[i]) == std::string_view::npos) {
            return false;
        }
    }
    return false;
}

}  // namespace

std::vector<std::string> take_words(int argc, char** argv) {
    std::vector<std::string> words(argv + (argc > 0 ? 1 : 0), argv + argc);
    for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
        if (wipe_in(argv[i]) && i + 1 < argc) {
            wipe(argv[++i]);
        }
    }
    return words;
}

}  // namespace pgbelay::cli
