// psql scripts: backslash commands, variables, COPY data, directives, and what the statements name.
#include "fuzz.h"
#include "sql/script.h"
#include "sql/tokens.h"

#include <cstddef>
#include <cstdint>

using namespace pgbelay;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    if (fuzz::includes(bytes)) {
        return -1;
    }
    fuzz::answer([&] {
        const sql::Script script = sql::read_script(bytes, "fuzz.sql", {{"a", "x"}, {"quoted", "it's"}, {"loop", ":loop"}});
        for (const sql::Statement& statement : script.statements) {
            static_cast<void>(sql::relations_named(statement));
            static_cast<void>(sql::functions_named(statement));
            static_cast<void>(sql::types_named(statement));
            static_cast<void>(sql::cut_alter_table(statement.sql));
            static_cast<void>(statement.place_at(statement.sql.size() / 2));
            // Its own bytes are one statement wherever they stand.
            const sql::Statement again = sql::read_statement(statement.sql);
            if (again.sql != statement.sql || again.kind != statement.kind) {
                std::abort();
            }
        }
    });
    return 0;
}
