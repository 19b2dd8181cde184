#!/bin/sh
# Deploys the runbook beside it, and files the record of it. For operators: DATABASE_URL=… ./deploy.sh
set -eu
cd "$(dirname "$0")"
pgbelay deploy RUNBOOK.md --env production "$@"
pgbelay report --db "$DATABASE_URL" --format md -o "record-$(date -u +%Y%m%dT%H%M%SZ).md"
