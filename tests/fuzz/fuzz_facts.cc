// Statements through a plan without a database: analysis, what each does to the catalog, what undoes it.
#include "fuzz.h"
#include "plan/plan.h"
#include "runbook/runbook.h"
#include "sql/script.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

using namespace pgbelay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return -1;
    }
    // The first byte is what is known of the server, and whose transactions these are.
    static constexpr std::array<int, 8> kMajors{0, 13, 14, 15, 16, 17, 18, 0};
    const int major = kMajors.at(data[0] & 7U);
    const bool loaded = (data[0] & 8U) != 0;
    const bool whole_file = (data[0] & 16U) != 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (fuzz::includes(bytes)) {
        return -1;
    }
    fuzz::answer([&] {
        sql::Script script = sql::read_script(bytes, "fuzz.sql", {});
        runbook::Runbook book;
        book.files.push_back({.path = "fuzz.sql", .key = "fuzz.sql"});
        runbook::SqlItem item;
        item.statements = std::move(script.statements);
        item.rule = whole_file ? runbook::TransactionRule::whole_file : runbook::TransactionRule::each_statement;
        book.items.push_back({.name = "fuzz", .file = 0, .what = std::move(item)});
        catalog::Catalog catalog = catalog::Catalog::unknown(major);
        catalog.loaded = loaded;
        const plan::Plan plan = plan::make_plan(book, catalog, {});
        // As the journal keeps it, and as it is read from there.
        const nlohmann::json kept = plan;
        if (nlohmann::json(kept.get<plan::Plan>()) != kept) {
            std::abort();
        }
    });
    return 0;
}
