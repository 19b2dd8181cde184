DROP INDEX CONCURRENTLY IF EXISTS idx_payments_org_status_created;
DROP INDEX CONCURRENTLY IF EXISTS idx_po_org_status_created;
DROP INDEX CONCURRENTLY IF EXISTS idx_inv_batches_org_sku;
DROP INDEX CONCURRENTLY IF EXISTS idx_fr_budgets_org_cc_period;
DROP INDEX CONCURRENTLY IF EXISTS idx_fr_rankings_org_metric_period;
DROP INDEX CONCURRENTLY IF EXISTS idx_fr_overview_org_period;
