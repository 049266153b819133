#!/bin/sh
# Starts nginx and keeps it up to date about who is behind it. A service that is replaced, scaled or away has other
# addresses afterwards, or none; whenever they change, the configuration is written and read again, which interrupts no request.
set -eu
configuration=/tmp/nginx.conf
look_every_s=2

# The addresses of a service, one a line.
addresses() {
  { getent ahostsv4 "$1" || nslookup -type=a "$1" | sed -n '/^Name:/,$p'; } 2>/dev/null |
    grep -oE '([0-9]+\.){3}[0-9]+' | sort -u
}

# The service's replicas as nginx has them. Without any, a port that refuses: the answer is 503 until there is one.
servers() {
  found=$(addresses "$1" || true)
  if [ -z "$found" ]; then
    echo 'server 127.0.0.1:1;'
    return
  fi
  for address in $found; do
    printf 'server %s:3211 max_fails=2 fail_timeout=2s; ' "$address"
  done
}

look() {
  INGEST_SERVERS=$(servers ingest)
  QUERY_SERVERS=$(servers query)
  export INGEST_SERVERS QUERY_SERVERS
}

write() {
  envsubst '$OPENSYNC_BODY_LIMIT $INGEST_SERVERS $QUERY_SERVERS' </etc/opensync/nginx.conf.template >"$configuration"
}

follow() {
  while sleep "$look_every_s"; do
    known="$INGEST_SERVERS $QUERY_SERVERS"
    look
    [ "$INGEST_SERVERS $QUERY_SERVERS" != "$known" ] || continue
    write
    nginx -s reload -c "$configuration" || true
  done
}

look
write
follow &
exec nginx -c "$configuration" -g 'daemon off;'
