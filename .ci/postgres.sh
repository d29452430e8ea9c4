#!/usr/bin/env bash
# A PostgreSQL server for tests, in a folder of its own on a free port, for this machine only. It forgets what it was told in a crash
# (fsync off), and lets everybody on the machine in: for tests, and for nothing else.
#
#   .ci/postgres.sh start FOLDER   makes FOLDER and prints the connection string for QKMS_TEST_POSTGRES
#   .ci/postgres.sh stop FOLDER    stops the server and removes FOLDER
set -euo pipefail
readonly folder=${2:?a folder}

# The newest that Debian has installed, or what is on the path.
find_programs() {
  local found
  found=$(find /usr/lib/postgresql -path '*/bin/pg_ctl' 2>/dev/null | sort -V | tail -n 1)
  found=${found:-$(command -v pg_ctl || true)}
  [ -z "$found" ] || dirname "$found"
}

# Debian's package would start a server of its own, which nobody asked for.
install_postgres() {
  local as_root=
  [ "$(id -u)" -eq 0 ] || as_root=sudo
  $as_root mkdir -p /etc/postgresql-common
  [ -e /etc/postgresql-common/createcluster.conf ] ||
    echo 'create_main_cluster = false' | $as_root tee /etc/postgresql-common/createcluster.conf
  $as_root apt-get update
  $as_root apt-get install -y --no-install-recommends postgresql
}

# The server refuses to run as root.
as_postgres() { if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

free_port() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }

start() {
  local port
  [ -n "$(find_programs)" ] || install_postgres >&2
  mkdir "$folder"
  [ "$(id -u)" -ne 0 ] || chown postgres "$folder"
  cd "$folder"
  as_postgres "$(find_programs)/initdb" -D "$folder/data" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >&2
  port=$(free_port)
  as_postgres "$(find_programs)/pg_ctl" -D "$folder/data" -l "$folder/log" -w \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder -c fsync=off -c max_connections=300" start >&2
  echo "Host=127.0.0.1;Port=$port;Username=postgres"
}

stop() {
  cd /
  as_postgres "$(find_programs)/pg_ctl" -D "$folder/data" -m immediate -w stop >&2 || true
  rm -rf "$folder"
}

case $1 in
  start | stop) "$1" ;;
  *) echo 'start or stop' >&2; exit 2 ;;
esac
