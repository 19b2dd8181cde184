#include "support/canonical.h"

#include "base/file.h"
#include "support/session.h"

#include <filesystem>

namespace pgbelay::test {

std::vector<std::string> canonical_dump(const std::string& url) {
    Session session(url);
    // With nothing else on the path, every name in a definition is qualified.
    session.run("SET search_path = pg_catalog");
    return session.column(base::read_file(std::filesystem::path(PGBELAY_SOURCE_DIR) / "tests/support/canonical.sql"));
}

}  // namespace pgbelay::test
