#!/usr/bin/env bash
# Builds Helm 3 and Helm 4 from their Go modules into ~/.cache/opensync/helm, where the scripts and tests find them. Needs Go; takes
# some minutes once.
set -euo pipefail
folder=$HOME/.cache/opensync/helm
export CGO_ENABLED=0 GOFLAGS='-buildvcs=false -trimpath'
for module in helm.sh/helm/v3/cmd/helm@v3.19.5 helm.sh/helm/v4/cmd/helm@v4.3.2; do
  major=$(sed -E 's#.*/v([0-9])/.*#\1#' <<<"$module")
  [[ -x $folder/$major/helm ]] || GOBIN="$folder/$major" go install -ldflags '-s -w' "$module"
  "$folder/$major/helm" version --short
done
