// Takes out of an output what differs from run to run: times, digests, process ids, ports, versions.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pgbelay::test {

// `names` are replaced first, in order: the working directory, the database. Then `87 ms` becomes `<time>`, a digest `<digest>`, `pid 4711`
// `pid <pid>` and so on. Trailing blanks go too.
std::string normalize(std::string text, const std::vector<std::pair<std::string, std::string>>& names);

}  // namespace pgbelay::test
