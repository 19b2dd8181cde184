// Markdown runbooks: front matter, fences and their attributes, expectations, limits; then the plan of them.
#include "fuzz.h"
#include "plan/plan.h"
#include "runbook/markdown.h"

#include <cstddef>
#include <cstdint>
#include <optional>

using namespace pgbelay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (fuzz::includes(bytes)) {
        return -1;
    }
    fuzz::answer([&] {
        runbook::ReadOptions options;
        options.environment = [](const std::string&) { return std::nullopt; };
        const runbook::Runbook book = runbook::read_markdown(bytes, "fuzz.md", "fuzz.md", options);
        static_cast<void>(plan::make_plan(book, catalog::Catalog::unknown(15), {}));
    });
    return 0;
}
