// What a deployment, a resume or a rollback came to, as the JSON document that scripts rely on: docs/json.md.
#pragma once

#include "engine/run.h"
#include "report/json.h"

namespace pgbelay::report {

Json deploy_json(const engine::RunReport& report);

}  // namespace pgbelay::report
