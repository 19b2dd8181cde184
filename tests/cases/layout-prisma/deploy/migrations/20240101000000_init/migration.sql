-- CreateTable
CREATE TABLE "Depot" (
    "id" TEXT NOT NULL,

    CONSTRAINT "Depot_pkey" PRIMARY KEY ("id")
);
