#!/usr/bin/env bash
# Builds the image, starts docker-compose.yml under a project name of its own, runs the specs of the end-to-end suite that
# e2e/suites.mjs has for `compose`, and takes it down again. Needs a Docker engine on this machine, and for the move from an embedded installation the built product
# (npm run build); leaves nothing behind. Arguments go to Jest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export PATH="$PWD/node_modules/.bin:$PATH"

start_limit_s=1200 suite_limit_s=1200

free_port() { node -e "const s=require('net').createServer().listen(0,()=>{process.stdout.write(String(s.address().port));s.close()})"; }
port=$(free_port)
export COMPOSE_PROJECT_NAME="opensync-test-$$" COMPOSE_DISABLE_ENV_FILE=1 COMPOSE_PROGRESS=plain
export OPENSYNC_EMBEDDINGS_IMAGE="opensync-embeddings:test-$$"
export OPENSYNC_IMAGE="opensync:test-$$" OPENSYNC_PORT="$port" OPENSYNC_BOOTSTRAP_KEY="osk_compose-test-0123456789abcdef"
# The second one is of the test that moves an installation.
projects=("$COMPOSE_PROJECT_NAME" "$COMPOSE_PROJECT_NAME-moved")
export OPENSYNC_E2E_URL="http://127.0.0.1:$port"

# Images that are built where no registry can be reached. With them, who may read MongoDB and Elasticsearch is not tested.
if [[ $(docker image inspect --format '{{index .Config.Labels "standin"}}' mongo:8.0 2>/dev/null) == true ]]; then
  export COMPOSE_FILE="docker-compose.yml:deploy/compose-standins.yml"
fi

step() { printf '%4d s  %s\n' "$SECONDS" "$*"; }
# In the background, so that stopping this script also stops what it runs; otherwise that would restart containers that are being removed.
running=
limited() {
  timeout "$@" &
  running=$!
  local code=0
  wait "$running" || code=$?
  running=
  return "$code"
}
# Quietly where it goes well; else with what it said and how the containers are.
quietly() {
  local output=reports/compose.log
  if limited "$@" >"$output" 2>&1; then return; fi
  tail -40 "$output"
  docker compose ps --all
  docker compose logs --no-color --tail 20
  step "FAILED: $*"
  exit 1
}
down() {
  [[ -z $running ]] || { kill "$running" && wait "$running"; } || true
  local project
  for project in "${projects[@]}"; do
    docker compose --project-name "$project" --profile '*' down --volumes --remove-orphans --timeout 5 >/dev/null 2>&1 || true
  done
  docker image rm "$OPENSYNC_IMAGE" "$OPENSYNC_EMBEDDINGS_IMAGE" >/dev/null 2>&1 || true
}
trap down EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -p reports

SECONDS=0
# The whole instruction, as somebody gives it who has just cloned this.
quietly "$start_limit_s" docker compose up --detach --wait
size=$(docker image inspect --format '{{.Size}}' "$OPENSYNC_IMAGE" | awk '{printf "%.0f MB", $1 / 1e6}')
step "image built ($size), all healthy at $OPENSYNC_E2E_URL"

status=0
limited "$suite_limit_s" node e2e/run-suite.mjs compose "$@" || status=$?
step "suite ended with exit code $status"
[[ $status == 0 ]] || docker compose logs --no-color --tail 20

down
left=
for project in "${projects[@]}"; do
  left+=$(docker ps --all --quiet --filter "label=com.docker.compose.project=$project")
  left+=$(docker volume ls --quiet --filter "label=com.docker.compose.project=$project")
  left+=$(docker network ls --quiet --filter "label=com.docker.compose.project=$project")
done
if [[ -n $left ]]; then step "FAILED: left behind: $left"; exit 1; fi
step "taken down, nothing is left"
exit "$status"
