#!/bin/sh
# Healthy once Elasticsearch answers and every service has its user. Creates what is missing: the first start and the
# upgrade of an installation without passwords need no step of their own.
set -eu
made=/tmp/opensync-users
# curl reads it from stdin: an argument would be visible to other processes.
ask() {
  printf 'user = "elastic:%s"\n' "$(cat /run/opensync/elastic)" |
    curl --silent --show-error --fail --max-time 10 --config - "$@" "http://127.0.0.1:9200$path" >/dev/null
}
put() {
  path=$1
  printf %s "$2" >/tmp/opensync-body
  ask --request PUT --header 'Content-Type: application/json' --data @/tmp/opensync-body
  rm /tmp/opensync-body
}
user() {
  put "/_security/user/$1" "{\"password\":\"$(cat "/run/opensync/$1")\",\"roles\":[\"opensync-$2\"]}"
}

umask 077
path='/_cluster/health?wait_for_status=yellow&timeout=2s'
ask
# A shell does not pass on variables with a dot.
if grep -zq '^xpack.security.enabled=false$' /proc/1/environ; then exit; fi
[ ! -e $made ] || exit 0
# Every index whose name begins with a prefix that OPENSYNC_STORE_PREFIX may have: nothing else is on this server.
put /_security/role/opensync-writer '{"cluster":["monitor"],"indices":[{"names":["*"],"privileges":["all"]}]}'
put /_security/role/opensync-reader \
  '{"cluster":["monitor"],"indices":[{"names":["*"],"privileges":["read","view_index_metadata","monitor"]}]}'
user projector writer
user cli writer
user query reader
touch $made
