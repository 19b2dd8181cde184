#include "engine/version.h"

namespace pgbelay::engine {

std::string_view version() {
    return PGBELAY_VERSION;
}

}  // namespace pgbelay::engine
