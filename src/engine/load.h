// What of a target's catalog a runbook needs: all that its statements name, and all that they reach without naming it.
#pragma once

#include "catalog/catalog.h"
#include "pg/connection.h"
#include "runbook/runbook.h"

namespace pgbelay::engine {

// Throws what pg::load_catalog() throws.
catalog::Catalog load_for(pg::Connection& connection, const runbook::Runbook& runbook);

}  // namespace pgbelay::engine
