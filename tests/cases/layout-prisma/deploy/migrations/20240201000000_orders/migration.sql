-- AlterTable
ALTER TABLE "Depot" ADD COLUMN     "orderId" BIGINT;

-- CreateIndex
CREATE INDEX "orders_customer_id_idx" ON "orders"("customer_id");

-- AddForeignKey
ALTER TABLE "Depot" ADD CONSTRAINT "Depot_orderId_fkey" FOREIGN KEY ("orderId") REFERENCES "orders"("id") ON DELETE SET NULL ON UPDATE CASCADE;
