#!/usr/bin/env bash
# Installs OpenSync on Kubernetes, first with `kubectl apply -k`, then with Helm, and runs the specs that e2e/suites.mjs has for
# `cluster` and `chart`: npm run test:cluster. Arguments go to Jest; CLUSTER_PHASES=chart runs only that part.
#
# With KUBECONFIG: on that cluster, with the images OPENSYNC_IMAGE and OPENSYNC_IMAGE-embeddings, which it pulls. Everything in its namespaces opensync and
# opensync-strangers is removed. Without: on the cluster of OPENSYNC_CLUSTER_TOOLS (default ../shared/cluster), with images that are
# built here, and stand-ins for MongoDB and Qdrant.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export PATH="$PWD/node_modules/.bin:$PATH"
tools=${OPENSYNC_CLUSTER_TOOLS:-../shared/cluster}
namespace=opensync
version=$(node -p "require('./package.json').version")
next=${OPENSYNC_NEXT_TAG:-$version-next}
phases=${CLUSTER_PHASES:-overlay chart}
overlay=deploy/k8s/overlays/dev
ready_limit_s=900

step() { printf '%4d s  %s\n' "$SECONDS" "$*"; }
fail() { step "FAILED: $*"; exit 1; }
kube() { kubectl --namespace "$namespace" "$@"; }

SECONDS=0
mkdir -p reports
if [[ -z ${KUBECONFIG-} ]]; then
  [[ -x $tools/up ]] || fail "set KUBECONFIG and OPENSYNC_IMAGE, or OPENSYNC_CLUSTER_TOOLS"
  "$tools/../docker/up" node nats elasticsearch mongo qdrant nginx >reports/cluster-images.log 2>&1 || fail "$(tail -3 reports/cluster-images.log)"
  cluster=$("$tools/up" ${OPENSYNC_CLUSTER_PARTS-keda} 2>reports/cluster-up.log) || fail "$(tail -3 reports/cluster-up.log)"
  eval "$cluster"
  docker build --quiet --tag "opensync:$version" . >/dev/null
  docker build --quiet --tag "opensync-embeddings:$version" deploy/embeddings >/dev/null
  # What an upgrade goes to: the same program under another name.
  docker tag "opensync:$version" "opensync:$next"
  "$tools/load" "opensync:$version" "opensync:$next" "opensync-embeddings:$version" $(grep -v -E 'opensync|exporter' deploy/k8s/images.txt) >reports/cluster-load.log 2>&1 ||
    fail "$(tail -3 reports/cluster-load.log)"
  repository=opensync
  standins=1
  overlay=deploy/k8s/overlays/test
else
  : "${OPENSYNC_IMAGE:?names the image without its tag, which your cluster pulls}"
  repository=$OPENSYNC_IMAGE
  standins=
fi
step "cluster and images are ready"
# Set if projectors can be scaled by backlog.
OPENSYNC_E2E_KEDA=$(kubectl get crd scaledobjects.keda.sh --ignore-not-found --output name)
export OPENSYNC_E2E_KEDA

gone() {
  kubectl delete namespace "$namespace" opensync-strangers --ignore-not-found --wait --timeout=300s >/dev/null 2>&1 || true
}
forward=
cleanup() {
  [[ -z $forward ]] || kill "$forward" 2>/dev/null || true
  [[ -n ${CLUSTER_KEEP-} ]] || gone
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A namespace that enforces the restricted Pod Security Standard. The stand-ins know no users; Secrets that exist win.
namespace_with_secrets() {
  kubectl apply -f deploy/k8s/overlays/dev/namespace.yaml >/dev/null
  [[ -n $standins ]] || return 0
  local key
  key=$(node -p "require('crypto').randomBytes(32).toString('hex')")
  kube create secret generic opensync-passwords --from-literal="qdrant=$key" --from-literal="qdrant-read-only=$key" >/dev/null
  kube create secret generic opensync-stores --from-literal='MONGODB_URL=mongodb://opensync-mongodb:27017/opensync?replicaSet=rs0' >/dev/null
}

until_ready() { # WHAT
  local began=$SECONDS
  if ! kube wait --for=condition=Available deployment --all --timeout="${ready_limit_s}s" >reports/cluster-wait.log 2>&1; then
    kube get pods
    kube get events --sort-by=.lastTimestamp | tail -15
    kube logs --selector app.kubernetes.io/part-of=opensync --all-containers --tail 5 --prefix --max-log-requests 40 || true
    fail "$1 is not ready after $((SECONDS - began)) s"
  fi
  step "$1: ready after $((SECONDS - began)) s, restarts: $(kube get pods -o jsonpath='{.items[*].status.containerStatuses[*].restartCount}')"
}

# The volumes of a test cluster are folders of one disk, whose free share says nothing about theirs: from 90 % on, Elasticsearch
# would place no index, and an upgrade would wait for it.
ignore_disk() {
  [[ -n $standins ]] || return 0
  # No service waits for it.
  kube rollout status statefulset/opensync-elasticsearch --timeout="${ready_limit_s}s" >/dev/null
  kube exec statefulset/opensync-elasticsearch -- curl --silent --fail --request PUT http://127.0.0.1:9200/_cluster/settings \
    --header 'content-type: application/json' --data '{"persistent":{"cluster.routing.allocation.disk.threshold_enabled":false}}' >/dev/null
}

# From this machine: the address of the Service where the network reaches it, else through a forwarded port.
reach() {
  local address
  address=$(kube get service opensync-edge -o jsonpath='{.spec.clusterIP}')
  export OPENSYNC_E2E_URL="http://$address"
  if curl -sf --max-time 3 "$OPENSYNC_E2E_URL/livez" >/dev/null; then return; fi
  kube port-forward service/opensync-edge 13211:80 >reports/cluster-forward.log 2>&1 &
  forward=$!
  export OPENSYNC_E2E_URL=http://127.0.0.1:13211
}

counts() { # SUITE
  node -e '
    const { numPassedTests: passed, numFailedTests: failed, numPendingTests: left } = JSON.parse(require("fs").readFileSync(process.argv[1]));
    console.log(`        ${process.argv[2]}: ${passed} tests passed, ${failed} failed, ${left} not run`);' "reports/e2e-$1.json" "$1" ||
    echo "        $1: no test ran"
}

usage() {
  step "memory and CPU by container"
  kube top pods --containers 2>/dev/null || true
}

status=0
rm -f reports/e2e-cluster.json reports/e2e-chart.json
if [[ $phases == *overlay* ]]; then
  gone
  namespace_with_secrets
  # Sent to the API server once without being stored: it refuses what it does not know, also of kinds of others.
  if [[ -n $OPENSYNC_E2E_KEDA ]]; then
    kubectl apply --dry-run=server -k deploy/k8s/overlays/prod >/dev/null
    step "the API server accepts the overlay prod"
  else
    step "the overlay prod was not tried: the cluster has no KEDA"
  fi
  kubectl apply -k "$overlay" >/dev/null
  until_ready 'overlay dev'
  ignore_disk
  reach
  node e2e/run-suite.mjs cluster "$@" || status=$?
  usage
  step "overlay: exit code $status"
  counts cluster
fi

if [[ $phases == *chart* ]]; then
  helm=${HELM:-$(node -e "import('./scripts/chart/helm.mjs').then(({ findHelm }) => console.log(findHelm() ?? ''))")}
  [[ -n $helm ]] || fail "the chart needs Helm: set HELM"
  export HELM="$helm" OPENSYNC_NEXT_TAG="$next"
  gone
  namespace_with_secrets
  # No pod has a way out: what works here downloads nothing when it runs.
  standin_values=()
  [[ -z $standins ]] || standin_values=(--set elasticsearch.security=false)
  "$helm" install opensync deploy/k8s/chart --namespace "$namespace" --values deploy/k8s/chart/values-dev.yaml \
    --set image.repository="$repository" --set image.tag="$version" --set embeddings.image.repository="$repository-embeddings" --set edge.replicas=2 --set ingest.replicas=2 \
    --set-json networkPolicy.embedding=[] --set-json networkPolicy.delivery=[] \
    --timeout 15m "${standin_values[@]}" >/dev/null
  until_ready chart
  ignore_disk
  reach
  node e2e/run-suite.mjs chart "$@" || status=$?
  usage
  step "chart: exit code $status"
  counts chart
fi
exit "$status"
