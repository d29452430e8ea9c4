#!/usr/bin/env bash
# The life of a key over HTTP: generate, refuse a second one, list, rotate, retire, use, revoke, destroy, cancel.
#
#   dotnet run --project Qkms.Api        in one terminal
#   requests/quickstart.sh               in another, from the same directory
#
# QKMS_URL      address of the service; default http://127.0.0.1:8080
# QKMS_API_KEY  an API key with the role admin; default: the one in qkms-data/initial-api-key
#
# The keys get a name of their own, so that you can run the script again. It ends with 1 when a response does not have the expected status.
set -euo pipefail

url=${QKMS_URL:-http://127.0.0.1:8080}
key_file=qkms-data/initial-api-key
idempotency_key=
name=quickstart-$$-$RANDOM

fail() {
  printf '\nquickstart: %s\n' "$*" >&2
  exit 1
}

step() { printf '\n== %s\n' "$*"; }

# call STATUS METHOD PATH [BODY]: sends the request, with $idempotency_key if it is not empty; expects the status, leaves the body in $answer.
call() {
  local expected=$1 method=$2 path=$3 body=${4-} output
  local options=(-sS --max-time 60 -X "$method" -H @- -w '\n%{http_code}')
  [ -z "$idempotency_key" ] || options+=(-H "Idempotency-Key: $idempotency_key")
  [ -z "$body" ] || options+=(-H 'Content-Type: application/json' -d "$body")
  printf '%s %s%s' "$method" "$path" "${body:+  ${body:0:160}}"

  # The API key comes by standard input: arguments are visible to every user of the machine.
  output=$(printf 'x-api-key: %s\n' "$api_key" | curl "${options[@]}" "$url$path") ||
    fail "no answer from $url. Is the service running? Start it with: dotnet run --project Qkms.Api"

  answer=${output%$'\n'*}
  local status=${output##*$'\n'}
  printf '  -> %s\n' "$status"
  [ "$status" = "$expected" ] || fail "expected status $expected, got $status: $answer"
}

# field NAME: the first member of that name in $answer.
field() {
  grep -oE "\"$1\":(\"[^\"]*\"|[^,}]*)" <<<"$answer" | sed -nE '1s/^"[^"]*":"?([^"]*)"?$/\1/p' ||
    fail "the answer has no '$1': $answer"
}

# show NAME…: members of $answer, one line.
show() {
  local member line=
  for member in "$@"; do line+="  $member $(field "$member")"; done
  printf '  %s\n' "$line"
}

# show_list: one line for each version in $answer.
show_list() {
  sed 's/{"kid"/\n&/g' <<<"$answer" |
    sed -nE 's/^\{"kid":"([^"]*)".*"key_version":([0-9]*).*"algorithm_id":"([^"]*)".*"status":"([^"]*)".*/    \3  version \2  \4  \1/p'
}

api_key=${QKMS_API_KEY:-}
if [ -z "$api_key" ]; then
  [ -r "$key_file" ] || fail "set QKMS_API_KEY, or run this where the service was started: there is no $key_file here."
  api_key=$(<"$key_file")
fi

step 'The service is ready, and lists its algorithms'
call 200 GET /health/ready
show status
call 200 GET /kms/supported-algorithms
grep -o '"algorithm":"[^"]*"' <<<"$answer" | cut -d '"' -f 4 | paste -s -d ' ' - | sed 's/^/    /'

step 'Generate an ML-KEM-768 key; Kyber768 is another name for it. The kid may be your own'
call 201 POST /kms/keys/generate "{\"algorithm\":\"Kyber768\",\"name\":\"$name\",\"kid\":\"$name-kem\"}"
show key_version algorithm algorithm_id status kid

step 'A second one is refused: this name has an active ML-KEM-768 key'
call 409 POST /kms/keys/generate "{\"algorithm\":\"ML-KEM-768\",\"name\":\"$name\"}"
show error_code message

step 'Other algorithms have their own slot under the same name'
call 201 POST /kms/keys/generate "{\"algorithm\":\"ML-DSA-65\",\"name\":\"$name\",\"kid\":\"$name-dsa\"}"
show key_version algorithm status kid
call 201 POST /kms/keys/generate "{\"algorithm\":\"RSA-2048\",\"name\":\"$name\"}"
show key_version algorithm use oaep_hash status kid

step 'With an Idempotency-Key a repeated request runs once and gets the original response'
idempotency_key=$name-1
call 201 POST /kms/keys/generate "{\"algorithm\":\"ML-DSA-44\",\"name\":\"$name\"}"
kid=$(field kid)
call 201 POST /kms/keys/generate "{\"algorithm\":\"ML-DSA-44\",\"name\":\"$name\"}"
[ "$(field kid)" = "$kid" ] || fail 'the repeated request made another key'
call 409 POST /kms/keys/generate "{\"algorithm\":\"ML-DSA-87\",\"name\":\"$name\"}"
show error_code message
idempotency_key=

step 'List all versions of the name, newest first'
call 200 GET "/kms/keys?name=$name"
show_list

step 'Show the active version'
call 200 GET "/kms/keys/active?algorithm=ML-KEM-768&name=$name"
show key_version status kid

step 'Rotate: a new version becomes active, the old one is retired'
call 201 POST /kms/keys/rotate "{\"algorithm\":\"ML-KEM-768\",\"name\":\"$name\",\"expected_key_version\":1}"
show key_version old_key_version status kid previous_kid

step 'The same call again changes nothing: the expected version is no longer the active one'
call 409 POST /kms/keys/rotate "{\"algorithm\":\"ML-KEM-768\",\"name\":\"$name\",\"expected_key_version\":1}"
show error_code message

step 'The old version, by its number: retired, and it names its successor'
call 200 GET "/kms/keys/1?algorithm=ML-KEM-768&name=$name"
show key_version status kid next_kid

step 'Retire the only active RSA key: needs allow_no_active'
call 409 POST /kms/keys/retire "{\"algorithm\":\"RSA-2048\",\"name\":\"$name\",\"key_version\":1}"
show error_code message
call 200 POST /kms/keys/retire "{\"algorithm\":\"RSA-2048\",\"name\":\"$name\",\"key_version\":1,\"allow_no_active\":true}"
show key_version algorithm status retired_at

step 'Take the public key of the ML-DSA key, as PEM and as JWK'
call 200 GET "/kms/keys/$name-dsa/public-key"
sed -n -e '1,2s/^/    /p' -e '3s/.*/    .../p' -e '/^-----END/s/^/    /p' <<<"$answer"
call 200 GET "/kms/keys/$name-dsa/public-key?format=jwk"
show kty alg use kid

step 'Encrypt with AES-256: the ciphertext names its key version; decryption needs the same context'
call 201 POST /kms/keys/generate "{\"algorithm\":\"AES-256\",\"name\":\"$name\"}"
show key_version algorithm status kid
call 200 POST /crypto/encrypt "{\"name\":\"$name\",\"plaintext\":\"aGVsbG8=\",\"context\":{\"table\":\"customers\"}}"
blob=$(field ciphertext)
call 200 POST /crypto/decrypt "{\"ciphertext\":\"$blob\",\"context\":{\"table\":\"customers\"}}"
show plaintext kid
call 400 POST /crypto/decrypt "{\"ciphertext\":\"$blob\"}"
show error_code message

step 'A data key: bare to encrypt with, wrapped to keep'
call 200 POST /data-keys/generate "{\"name\":\"$name\"}"
data_key=$(field plaintext)
call 200 POST /data-keys/decrypt "{\"ciphertext\":\"$(field ciphertext)\"}"
[ "$(field plaintext)" = "$data_key" ] || fail 'the data key did not come back'

step 'A shared secret by ML-KEM-768'
call 200 POST /kem/encapsulate "{\"name\":\"$name\"}"
secret=$(field shared_secret)
call 200 POST /kem/decapsulate "{\"kid\":\"$(field kid)\",\"kem_ciphertext\":\"$(field kem_ciphertext)\"}"
[ "$(field shared_secret)" = "$secret" ] || fail 'the two sides have different secrets'

step 'Encrypt to the ML-KEM key by its first kid: that version is retired, so its successor is used'
call 200 POST /crypto/encrypt "{\"kid\":\"$name-kem\",\"plaintext\":\"aGVsbG8=\"}"
show requested_kid kid key_version
call 200 POST /crypto/decrypt "{\"algorithm\":\"ML-KEM-768\",\"name\":\"$name\",\"ciphertext\":\"$(field ciphertext)\"}"
show plaintext

step 'Sign with ML-DSA-65 and verify; for another message the signature is not valid'
call 200 POST /signature/sign "{\"kid\":\"$name-dsa\",\"message\":\"aGVsbG8=\"}"
signature=$(field signature)
call 200 POST /signature/verify "{\"kid\":\"$name-dsa\",\"message\":\"aGVsbG8=\",\"signature\":\"$signature\"}"
[ "$(field valid)" = true ] || fail 'the signature is not valid'
call 200 POST /signature/verify "{\"kid\":\"$name-dsa\",\"message\":\"aGFsbG8=\",\"signature\":\"$signature\"}"
[ "$(field valid)" = false ] || fail 'the signature is valid for another message'

step 'Revoke the first version for good'
call 204 POST "/kms/keys/$name-kem/actions/revoke" '{"reason":"The end of the quickstart."}'

step 'You can still read metadata, the chain and the public key; everything else is refused'
call 200 GET "/kms/keys/$name-kem"
show key_version status revoked_at next_kid
call 200 GET "/kms/keys/$name-kem/public-key?format=jwk"
show kty alg use kid
call 409 POST /kem/encapsulate "{\"kid\":\"$name-kem\"}"
show error_code message
call 200 GET "/kms/keys?name=$name"
show_list

step 'Destroy it: it waits for 7 days, and can be cancelled. An active version is refused'
call 200 GET "/kms/keys/active?algorithm=ML-KEM-768&name=$name"
call 409 DELETE "/kms/keys/$(field kid)"
show error_code message
call 202 DELETE "/kms/keys/$name-kem" '{"waiting_days":7,"reason":"The end of the quickstart."}'
show status destroy_at
call 409 POST /kem/encapsulate "{\"kid\":\"$name-kem\"}"
show error_code message
call 200 POST "/kms/keys/$name-kem/actions/cancel-deletion" '{"reason":"Somebody still needs it."}'
show status destroy_at

printf '\nDone. Every response had the expected status.\n'
