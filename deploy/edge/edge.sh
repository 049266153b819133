#!/bin/sh
# Starts nginx and keeps it up to date about the services behind it. A service that is replaced, scaled or away has other
# addresses afterwards, or none; whenever they change, the configuration is written and read again, which interrupts no
# request. `edge.sh print` prints the configuration and starts nothing.
set -eu
configuration=/tmp/nginx.conf
template=$(dirname "$0")/nginx.conf.template
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

# What browsers of which origins may read of the answers that nginx gives by itself, as lines of two maps: from the
# origin of a request to the one that it is told, and to what the answer depends on. The services say it of theirs.
allow_origins() {
  CORS_ORIGINS='' CORS_VARY='default Origin;'
  for origin in $(printf %s "${OPENSYNC_CORS_ORIGINS:-*}" | tr ',' ' '); do
    case $origin in
      '*') CORS_ORIGINS='default "*";' CORS_VARY='default "";' && break ;;
      *[!a-zA-Z0-9+.:/_-]* | '') echo "OPENSYNC_CORS_ORIGINS: $origin is not an origin" >&2 && exit 1 ;;
      *) CORS_ORIGINS="$CORS_ORIGINS \"$origin\" \"$origin\";" ;;
    esac
  done
  export CORS_ORIGINS CORS_VARY
}

# Proxies in front of the edge, whose X-Forwarded-For names the client.
real_ip() {
  REAL_IP=''
  for proxy in $(printf %s "${OPENSYNC_EDGE_PROXIES:-}" | tr ',' ' '); do
    case $proxy in
      *[!0-9a-fA-F.:/]*) echo "OPENSYNC_EDGE_PROXIES: $proxy is not an address or network" >&2 && exit 1 ;;
      *) REAL_IP="$REAL_IP set_real_ip_from $proxy;" ;;
    esac
  done
  [ -z "$REAL_IP" ] || REAL_IP="$REAL_IP real_ip_header X-Forwarded-For; real_ip_recursive on;"
  export REAL_IP
}

# The limits by address are those of the services; 0 requests without a key per minute means no limit.
limits() {
  export OPENSYNC_HEADERS_SECONDS="${OPENSYNC_HEADERS_SECONDS:-10}"
  export OPENSYNC_ADDRESS_CONNECTIONS="${OPENSYNC_ADDRESS_CONNECTIONS:-512}"
  keyless=${OPENSYNC_KEYLESS_LIMIT:-600}
  KEYLESS_ZONE='' KEYLESS_LIMIT=''
  if [ "$keyless" != 0 ]; then
    KEYLESS_ZONE="limit_req_zone \$edge_keyless zone=edge_keyless:4m rate=${keyless}r/m;"
    KEYLESS_LIMIT="limit_req zone=edge_keyless burst=$keyless nodelay;"
  fi
  export KEYLESS_ZONE KEYLESS_LIMIT
}

filled_in() {
  variables='$OPENSYNC_BODY_LIMIT $OPENSYNC_HEADERS_SECONDS $OPENSYNC_ADDRESS_CONNECTIONS $REAL_IP'
  envsubst "$variables"' $KEYLESS_ZONE $KEYLESS_LIMIT $INGEST_SERVERS $QUERY_SERVERS $CORS_ORIGINS $CORS_VARY' <"$template"
}

write() {
  filled_in >"$configuration"
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

# No pattern may stand for the files here.
set -f
allow_origins
real_ip
limits
look
if [ "${1:-}" = print ]; then
  filled_in
  exit
fi
write
follow &
exec nginx -c "$configuration" -g 'daemon off;'
