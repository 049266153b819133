#!/bin/sh
# Starts nginx and keeps it up to date about the services behind it. A service that is replaced, scaled or away has other
# addresses afterwards, or none; whenever they change, the configuration is written and read again, which interrupts no
# request. `edge.sh print` prints the configuration and starts nothing.
set -eu
configuration=/tmp/nginx.conf
template=$(dirname "$0")/nginx.conf.template
look_every_s=2

# The addresses of a service, one a line; none if the name server knows no replica. Fails if the name server does not
# answer, which says nothing about the service.
addresses() {
  if ! found=$(getent ahostsv4 "$1" 2>/dev/null); then
    answer=$(nslookup -type=a "$1" 2>&1 || true)
    case $answer in
      *'timed out'* | *'no servers could be reached'* | *SERVFAIL* | *REFUSED* | *'onnection refused'*) return 1 ;;
    esac
    found=$(printf '%s\n' "$answer" | sed -n '/^Name:/,$p')
  fi
  printf '%s\n' "$found" | grep -oE '([0-9]+\.){3}[0-9]+' | sort -u || true
}

# A port that refuses: the answer is 503 until there is a replica.
nobody='server 127.0.0.1:1;'

# The service's replicas as nginx has them; those that are known already if the name server does not answer.
servers() {
  if ! found=$(addresses "$1"); then
    echo "$2"
  elif [ -z "$found" ]; then
    echo "$nobody"
  else
    set -- $found
    if [ $# = 1 ]; then
      # Several replicas may be behind one address, so a connection that it refuses is tried again, and it is never left out.
      again="server $1:3211 max_fails=0;"
      echo "$again $again $again"
      return
    fi
    for address in $found; do
      printf 'server %s:3211 max_fails=2 fail_timeout=2s; ' "$address"
    done
  fi
}

look() {
  INGEST_SERVERS=$(servers "${OPENSYNC_EDGE_INGEST:-ingest}" "${INGEST_SERVERS:-$nobody}")
  QUERY_SERVERS=$(servers "${OPENSYNC_EDGE_QUERY:-query}" "${QUERY_SERVERS:-$nobody}")
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
