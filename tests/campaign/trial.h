// One trial: a deployment, a fault, and what a person would do then; the end must be that of a deployment that nothing happened to.
#pragma once

#include "campaign/migration.h"
#include "campaign/site.h"
#include "faults/boundaries.h"
#include "faults/stage.h"

#include <array>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::test {

enum class Fault { kill, backend, keeper, crash, failover, random_kill };
inline constexpr std::array kFaults{Fault::kill, Fault::backend, Fault::keeper, Fault::crash, Fault::failover, Fault::random_kill};

// "kill", "backend", …: as arguments name it.
std::string_view name(Fault fault);
// As the summary names it.
std::string_view description(Fault fault);

// A migration on one version, deployed once without any fault.
struct Scene {
    Migration migration;
    Folder folder;                      // with its files
    std::vector<Boundary> all;          // that it passes
    std::vector<std::string> expected;  // the catalog and the rows, in the end
    base::Clock::duration took{};
};
// Deploys on the site, which is prepared for the migration. Throws std::runtime_error when that fails.
void rehearse(Scene& scene, Site& site);

struct Outcome {
    int injected = 0;        // faults; 0 where the boundary was not reached, or there was no such backend
    bool by_itself = false;  // the deployment went on without a person
    std::string failure;     // "" = survived
};

// The fault while a client stands at each of the boundaries, each in a database of its own; what is done to the server is done once, to
// all.
std::vector<Outcome> faults_at(const Scene& scene, Site& site, Fault fault, const std::vector<Boundary>& chosen, std::minstd_rand& random);

// One to three kills at random moments: of the deployment, and of what carries it on.
Outcome kill_at_random(const Scene& scene, Site& site, std::minstd_rand& random);

}  // namespace pgbelay::test
