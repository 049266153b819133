#!/bin/bash
# Qdrant takes its keys from the environment alone.
set -eu
QDRANT__SERVICE__API_KEY=$(cat /run/opensync/api-key)
QDRANT__SERVICE__READ_ONLY_API_KEY=$(cat /run/opensync/read-only-api-key)
export QDRANT__SERVICE__API_KEY QDRANT__SERVICE__READ_ONLY_API_KEY
exec ./entrypoint.sh
