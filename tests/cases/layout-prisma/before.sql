CREATE TABLE _prisma_migrations (
    id varchar(36) PRIMARY KEY NOT NULL,
    checksum varchar(64) NOT NULL,
    finished_at timestamptz,
    migration_name varchar(255) NOT NULL,
    logs text,
    rolled_back_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(),
    applied_steps_count integer NOT NULL DEFAULT 0
);
INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
VALUES ('0f7c2b1e-5a55-4c3a-9a3d-3d1c7be0a001', 'bf62a46198d5ddd4e909239985837972f7bc561cc7d60eca72be83c4a94c59d3', now(), '20240101000000_init', 1);
-- CreateTable
CREATE TABLE "Depot" (
    "id" TEXT NOT NULL,

    CONSTRAINT "Depot_pkey" PRIMARY KEY ("id")
);
