#!/usr/bin/env bash
# nginx.sh PAGE SERVICE DIRECTORY: runs nginx with the nginx block of a page of docs/, in front of the service at the address SERVICE. Only
# what differs from machine to machine is changed in the block: addresses and the paths of certificates. Prints the address of nginx;
# DIRECTORY/nginx.pid has its process id, and DIRECTORY/nginx.pem the certificate that it serves. DIRECTORY/nodes.pem is to be there if the
# block asks for the certificate of the nodes.
set -euo pipefail
page=$1 service=${2#*://} directory=$3
mkdir -p "$directory"
cd "$directory"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout nginx.key -out nginx.pem -days 2 -subj /CN=qkms \
  -addext subjectAltName=IP:127.0.0.1 2>/dev/null

block=$(awk '/^```nginx$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$page")
[ -n "$block" ] || { echo "$page has no nginx block" >&2; exit 1; }

for port in $(seq 18440 18490); do
  {
    echo "daemon on; pid $directory/nginx.pid; error_log $directory/error.log;"
    echo "events { worker_connections 256; }"
    echo "http {"
    echo "access_log $directory/access.log;"
    for folder in client_body proxy fastcgi uwsgi scgi; do echo "${folder}_temp_path $directory/$folder;"; done
    sed -E "s#(server|proxy_pass http://)( ?)(10\.0\.0\.1[0-9]|127\.0\.0\.1):8080#\1\2$service#
      s#listen 443 ssl#listen 127.0.0.1:$port ssl#
      s#/etc/nginx/qkms\.(pem|key)#$directory/nginx.\1#
      s#/etc/nginx/qkms-nodes\.pem#$directory/nodes.pem#" <<<"$block"
    echo "}"
  } >nginx.conf
  if /usr/sbin/nginx -p "$directory" -c nginx.conf 2>start.log; then
    echo "https://127.0.0.1:$port"
    exit 0
  fi
  grep -q 'Address already in use' start.log || break
done
cat start.log >&2
exit 1
