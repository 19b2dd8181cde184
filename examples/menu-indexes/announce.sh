#!/bin/sh
# Tells the war room what happens: pgbelay says it in the environment.
echo "$(date -u +%H:%M:%S) $PGBELAY_EVENT: $PGBELAY_MESSAGE" >> "${WAR_ROOM:-war-room.log}"
