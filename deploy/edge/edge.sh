#!/bin/sh
# Starts nginx and keeps it up to date about who is behind it. nginx looks up the names of its upstreams only when it
# reads its configuration, but a service that is replaced or scaled has other addresses afterwards; so whenever they
# change, the configuration is read again, which interrupts no request.
set -eu
configuration=/tmp/nginx.conf
look_every_s=2

# In whatever form the image's tool prints them: only a change matters.
addresses() {
  for name in ingest query; do
    getent ahosts "$name" || nslookup "$name" || true
  done 2>/dev/null | sort -u
}

follow() {
  known=$1
  while sleep "$look_every_s"; do
    now=$(addresses)
    [ "$now" != "$known" ] || continue
    # A name without an address, while a service is being replaced, makes the test fail: the next look tries again.
    if nginx -t -q -c "$configuration" 2>/dev/null && nginx -s reload -c "$configuration"; then known=$now; fi
  done
}

envsubst '$OPENSYNC_BODY_LIMIT' </etc/opensync/nginx.conf.template >"$configuration"
follow "$(addresses)" &
exec nginx -c "$configuration" -g 'daemon off;'
