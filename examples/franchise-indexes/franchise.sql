-- Indexes for the franchise, inventory, purchasing and payment endpoints,
-- and a column for what the bank calls a payment.
ALTER TABLE payments ADD COLUMN bank_reference text;
CREATE INDEX idx_fr_overview_org_period
    ON franchise_overview (org_id, period);
CREATE INDEX idx_fr_rankings_org_metric_period
    ON franchise_rankings (org_id, metric, period);
CREATE INDEX idx_fr_budgets_org_cc_period
    ON franchise_budgets (org_id, cost_center, period);
CREATE INDEX idx_inv_batches_org_sku
    ON inventory_batches (org_id, sku);
CREATE INDEX idx_po_org_status_created
    ON purchase_orders (org_id, status, created_at);
CREATE INDEX idx_payments_org_status_created
    ON payments (org_id, status, created_at);
