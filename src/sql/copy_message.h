// Copies a protobuf-c message of any type, with all below it, into an arena.
#pragma once

#include "sql/arena.h"

#include <protobuf-c/protobuf-c.h>

#include <cstddef>

namespace pgbelay::sql {

// As packing and unpacking the message would leave it: text that is not there is "", a union that holds nothing is unset. Null when
// more than `deepest` messages stand inside each other.
const ProtobufCMessage* copy_message(const ProtobufCMessage& message, std::size_t deepest, Arena& arena);

}  // namespace pgbelay::sql
