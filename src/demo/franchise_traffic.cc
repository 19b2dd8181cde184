#include "demo/franchise_traffic.h"

#include "demo/franchise.h"
#include "sql/quote.h"

#include <fmt/core.h>

namespace pgbelay::demo {

namespace {

int below(Random& random, int limit) {
    return std::uniform_int_distribution<int>(0, limit - 1)(random);
}

template <std::size_t N>
std::string one_of(const std::array<const char*, N>& values, Random& random) {
    return sql::quote_literal(values[static_cast<std::size_t>(below(random, static_cast<int>(N)))]);
}

std::string org(Random& random) {
    return sql::quote_literal(fmt::format("ORG_{}", kFirstOrg + below(random, kOrgs)));
}

std::string period(Random& random) {
    constexpr int kFirstYear = 2024;
    constexpr int kMonths = 12;
    const int month = below(random, kPeriods);
    return sql::quote_literal(fmt::format("{}-{:02}", kFirstYear + month / kMonths, 1 + month % kMonths));
}

std::string sku(Random& random) {
    return sql::quote_literal(fmt::format("SKU-{}", below(random, kSkus)));
}

// A row that is there whatever the size of the data.
int some_id(Random& random) {
    constexpr int kRowsAtLeast = 20'000;
    return 1 + below(random, kRowsAtLeast);
}

}  // namespace

std::vector<Kind> franchise_traffic() {
    return {
        {"overview", 3,
         [](Random& r) {
             return fmt::format("SELECT * FROM franchise_overview WHERE org_id = {} AND period = {} LIMIT 50", org(r), period(r));
         }},
        {"rankings", 3,
         [](Random& r) {
             return fmt::format(
                 "SELECT * FROM franchise_rankings WHERE org_id = {} AND metric = {} AND period = {} ORDER BY value DESC LIMIT 50", org(r),
                 one_of(kMetrics, r), period(r));
         }},
        {"budgets", 2,
         [](Random& r) {
             return fmt::format("SELECT * FROM franchise_budgets WHERE org_id = {} AND cost_center = {} AND period = {}", org(r),
                                one_of(kCostCenters, r), period(r));
         }},
        {"batches of an article", 2,
         [](Random& r) {
             return fmt::format("SELECT id, quantity, expires_on FROM inventory_batches WHERE org_id = {} AND sku = {}", org(r), sku(r));
         }},
        {"transfer of a batch", 1,
         [](Random& r) { return fmt::format("UPDATE inventory_batches SET quantity = quantity - 1 WHERE id = {}", some_id(r)); }},
        {"orders by status", 2,
         [](Random& r) {
             return fmt::format(
                 "SELECT id, supplier, total FROM purchase_orders WHERE org_id = {} AND status = {} ORDER BY created_at DESC LIMIT 20",
                 org(r), one_of(kStatuses, r));
         }},
        {"new order", 1,
         [](Random& r) {
             return fmt::format(
                 "INSERT INTO purchase_orders (org_id, supplier, status, total, created_at) VALUES ({}, 'supplier 7', 'pending', {}, "
                 "now())",
                 org(r), below(r, 90000));
         }},
        {"payments by status", 3,
         [](Random& r) {
             return fmt::format(
                 "SELECT id, amount, created_at FROM payments WHERE org_id = {} AND status = {} ORDER BY created_at DESC LIMIT 20", org(r),
                 one_of(kStatuses, r));
         }},
        {"new payment", 3,
         [](Random& r) {
             return fmt::format("INSERT INTO payments (org_id, order_id, status, amount, created_at) VALUES ({}, {}, 'pending', {}, now())",
                                org(r), some_id(r), below(r, 50000));
         }},
        {"payment settled", 2, [](Random& r) { return fmt::format("UPDATE payments SET status = 'settled' WHERE id = {}", some_id(r)); }},
    };
}

std::vector<std::string> franchise_report() {
    return {
        "SET search_path TO public",
        "SET application_name TO 'month-end report'",
        "BEGIN ISOLATION LEVEL REPEATABLE READ",
        "SELECT count(*), sum(amount) FROM payments WHERE id <= 20000",
    };
}

}  // namespace pgbelay::demo
