#include "analysis/names.h"

namespace pgbelay::analysis {

namespace {

constexpr std::size_t kLongestName = 63;  // NAMEDATALEN - 1

}  // namespace

std::string temporary_name(const Context& ctx, std::string_view name) {
    std::string whole = ctx.temporary_prefix + "_" + std::string(name);
    if (whole.size() <= kLongestName) {
        return whole;
    }
    std::size_t end = kLongestName;
    while (end > 0 && (static_cast<unsigned char>(whole[end]) & 0xC0U) == 0x80U) {
        --end;
    }
    whole.resize(end);
    return whole;
}

bool relation_name_taken(const catalog::Catalog& catalog, const QualifiedName& name) {
    return catalog.taken_relation_names.contains(name) || catalog.relations.contains(name);
}

}  // namespace pgbelay::analysis
