#!/usr/bin/env bash
# The client of AWS that Debian packages (awscli), unmodified, against a started service, in two parts with a restart between them.
#
#   .ci/aws.sh before FOLDER   uses every operation that this client has in common with Qkms; FOLDER keeps what the second part needs
#   .ci/aws.sh after FOLDER    uses what the first part made
#
# QKMS_URL and QKMS_API_KEY say where the service is and who may make an access key. Each check prints a line; the first one that fails
# ends the run.
set -euo pipefail

readonly part=${1:?before or after} folder=${2:?a folder}
readonly aws=/usr/bin/aws
mkdir -p "$folder"
cd "$folder"

# What the machine's user has set up for AWS is not for here, and nothing is asked twice: a refusal is to be seen as it is.
unset ${!AWS_@}
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true
export AWS_DEFAULT_REGION=eu-central-1 AWS_DEFAULT_OUTPUT=text AWS_PAGER='' AWS_MAX_ATTEMPTS=1

post()  { curl -fsS -H "x-api-key: $QKMS_API_KEY" -H 'Content-Type: application/json' -d "$2" "$QKMS_URL$1"; }
field() { sed -E "s/.*\"$1\":\"([^\"]*)\".*/\1/"; }
kms()   { "$aws" --endpoint-url "$QKMS_URL" kms "$@"; }

fail() { echo "FAILED: $*" >&2; exit 1; }
ok() { echo "ok: $*"; }

# equal WHAT EXPECTED ACTUAL
equal() { [ "$2" = "$3" ] || fail "$1: expected '$2', got '$3'"; ok "$1"; }

# matches WHAT PATTERN ACTUAL
matches() { [[ $3 =~ $2 ]] || fail "$1: '$3' is not $2"; ok "$1"; }

# same WHAT FILE FILE
same() { cmp -s "$2" "$3" || fail "$1: $2 and $3 differ"; [ -s "$2" ] || fail "$1: $2 is empty"; ok "$1"; }

# refused EXCEPTION WHAT COMMAND…
refused() {
  local exception=$1 what=$2 said
  shift 2
  if said=$("$@" 2>&1); then fail "$what: it succeeded: $said"; fi
  [[ $said == *"An error occurred ($exception) when calling"* ]] || fail "$what: expected $exception, got: $said"
  ok "$what is $exception"
}

# create NAME ARGUMENT…: makes a key and keeps its id in the file NAME.
create() {
  local name=$1
  shift
  kms create-key --query KeyMetadata.KeyId --description "$name of awscli" "$@" >"$name"
  matches "create $name" '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' "$(<"$name")"
}

# decrypt FILE CONTEXT TO: without a key id.
decrypt() { kms decrypt --ciphertext-blob "fileb://$1" --encryption-context "$2" --query Plaintext | base64 -d >"$3"; }

# state NAME
state() { kms describe-key --key-id "$(<"$1")" --query KeyMetadata.KeyState; }

make_access_key() {
  local made
  made=$(post /api-keys '{"label":"awscli","roles":["admin"],"kind":"sigv4"}')
  field lookup_id <<<"$made" >id
  field secret_access_key <<<"$made" >secret
}

keys() {
  create orders
  create release --key-spec ECC_NIST_P256 --key-usage SIGN_VERIFY
  create rsa --key-spec RSA_2048 --key-usage SIGN_VERIFY
  create rsa-encryption --key-spec RSA_2048 --key-usage ENCRYPT_DECRYPT
  create hmac --key-spec HMAC_256 --key-usage GENERATE_VERIFY_MAC
  create old --customer-master-key-spec SYMMETRIC_DEFAULT
  equal 'describe: spec, usage, state, manager, description' \
    "SYMMETRIC_DEFAULT ENCRYPT_DECRYPT Enabled CUSTOMER orders of awscli" \
    "$(kms describe-key --key-id "$(<orders)" --query 'KeyMetadata.[KeySpec,KeyUsage,KeyState,KeyManager,Description]' | tr '\t' ' ')"
  matches 'describe: arn' "^arn:aws:kms:eu-central-1:[0-9]{12}:key/$(<orders)$" \
    "$(kms describe-key --key-id "$(<orders)" --query KeyMetadata.Arn)"
  kms update-key-description --key-id "$(<orders)" --description 'orders, described again'
  equal 'a new description' 'orders, described again' "$(kms describe-key --key-id "$(<orders)" --query KeyMetadata.Description)"

  # The client asks for one page after the other.
  kms list-keys --page-size 2 --query 'Keys[].KeyId' | tr '\t' '\n' | sort >listed
  sort orders release rsa rsa-encryption hmac old >made
  equal 'every key is listed, in pages of two' '' "$(comm -13 listed made)"
  equal 'no key is listed twice' '' "$(uniq -d listed)"
  equal 'one page holds as many keys as were asked for' 2 "$(kms list-keys --limit 2 --no-paginate --query 'length(Keys)')"
  refused InvalidMarkerException 'a made-up marker' kms list-keys --no-paginate --marker bm9uZQ==
  refused ValidationException 'a key spec of another usage' kms create-key --key-spec ECC_NIST_P256 --key-usage ENCRYPT_DECRYPT
}

names() {
  kms create-alias --alias-name alias/orders --target-key-id "$(<orders)"
  equal 'a key by its alias' "$(<orders)" "$(kms describe-key --key-id alias/orders --query KeyMetadata.KeyId)"
  refused AlreadyExistsException 'an alias that is there' kms create-alias --alias-name alias/orders --target-key-id "$(<old)"
  refused NotFoundException 'an alias of an unknown key' \
    kms create-alias --alias-name alias/none --target-key-id 00000000-0000-4000-8000-000000000000
  kms create-alias --alias-name alias/moves --target-key-id "$(<orders)"
  kms update-alias --alias-name alias/moves --target-key-id "$(<old)"
  equal 'an alias that moved' "$(<old)" "$(kms describe-key --key-id alias/moves --query KeyMetadata.KeyId)"
  equal 'the aliases of a key' alias/orders "$(kms list-aliases --key-id "$(<orders)" --query 'Aliases[].AliasName')"
  equal 'all aliases, in pages of one' 'alias/moves alias/orders' \
    "$(kms list-aliases --page-size 1 --query 'Aliases[?TargetKeyId].AliasName' | tr '\t' '\n' | sort | xargs)"
  kms delete-alias --alias-name alias/moves
  refused NotFoundException 'a deleted alias' kms describe-key --key-id alias/moves
  refused ValidationException 'an alias that does not begin with alias/' kms create-alias --alias-name moves --target-key-id "$(<old)"

  kms tag-resource --key-id "$(<orders)" --tags TagKey=team,TagValue=shop TagKey=stage,TagValue=test
  kms untag-resource --key-id "$(<orders)" --tag-keys stage
  equal 'tags' 'team shop' "$(kms list-resource-tags --key-id "$(<orders)" --query 'Tags[].[TagKey,TagValue]' | tr '\t' ' ')"
}

secrets() {
  kms generate-data-key --key-id alias/orders --key-spec AES_256 --encryption-context purpose=orders \
    --query '[Plaintext,CiphertextBlob]' >data-key.text
  cut -f1 data-key.text | base64 -d >data-key
  cut -f2 data-key.text | base64 -d >data-key.blob
  equal 'a data key has 32 bytes' 32 "$(stat -c %s data-key)"
  decrypt data-key.blob purpose=orders opened
  same 'the data key opens without a key id' data-key opened
  kms generate-data-key-without-plaintext --key-id alias/orders --number-of-bytes 64 --query CiphertextBlob | base64 -d >unseen.blob
  equal 'a data key without plaintext opens' 64 "$(kms decrypt --ciphertext-blob fileb://unseen.blob --query Plaintext | base64 -d | wc -c)"
  equal 'random bytes' 40 "$(kms generate-random --number-of-bytes 40 --query Plaintext | base64 -d | wc -c)"

  printf 'the order is 42' >text
  kms encrypt --key-id alias/orders --plaintext fileb://text --encryption-context purpose=orders --query CiphertextBlob |
    base64 -d >text.blob
  decrypt text.blob purpose=orders opened
  same 'a ciphertext opens without a key id' text opened
  refused InvalidCiphertextException 'another context' decrypt text.blob purpose=invoices opened
  refused InvalidCiphertextException 'no context' kms decrypt --ciphertext-blob fileb://text.blob
  refused IncorrectKeyException 'another key' \
    kms decrypt --ciphertext-blob fileb://text.blob --encryption-context purpose=orders --key-id "$(<old)"
  head -c 40 /dev/zero >zeros
  refused InvalidCiphertextException 'no ciphertext' kms decrypt --ciphertext-blob fileb://zeros

  kms re-encrypt --ciphertext-blob fileb://text.blob --source-encryption-context purpose=orders \
    --destination-key-id "$(<old)" --destination-encryption-context purpose=archive --query CiphertextBlob | base64 -d >archived.blob
  decrypt archived.blob purpose=archive opened
  same 'a ciphertext under another key and context' text opened

  kms encrypt --key-id "$(<rsa-encryption)" --plaintext fileb://text --encryption-algorithm RSAES_OAEP_SHA_256 --query CiphertextBlob |
    base64 -d >rsa.blob
  kms decrypt --key-id "$(<rsa-encryption)" --ciphertext-blob fileb://rsa.blob --encryption-algorithm RSAES_OAEP_SHA_256 \
    --query Plaintext | base64 -d >opened
  same 'encryption with RSA' text opened

  kms generate-data-key-pair --key-id alias/orders --key-pair-spec ECC_NIST_P256 \
    --query '[PrivateKeyPlaintext,PublicKey,PrivateKeyCiphertextBlob]' >pair.text
  cut -f1 pair.text | base64 -d | openssl pkey -inform DER -pubout -outform DER >pair.derived
  cut -f2 pair.text | base64 -d >pair.public
  cut -f3 pair.text | base64 -d >pair.blob
  same 'openssl derives the public key of the pair from its private key' pair.public pair.derived
  kms decrypt --ciphertext-blob fileb://pair.blob --query Plaintext | base64 -d >opened
  cut -f1 pair.text | base64 -d >pair.private
  same 'the private key of the pair opens' pair.private opened
}

# signed KEY ALGORITHM OPENSSL…: a signature of Qkms over a message and its hash holds for openssl.
signed() {
  local key=$1 algorithm=$2
  shift 2
  kms get-public-key --key-id "$(<"$key")" --query PublicKey | base64 -d | openssl pkey -pubin -inform DER -out "$key.pem"
  kms sign --key-id "$(<"$key")" --message fileb://text --signing-algorithm "$algorithm" --query Signature | base64 -d >text.sig
  equal "$algorithm of a message, by openssl" 'Verified OK' "$(openssl dgst -sha256 -verify "$key.pem" -signature text.sig "$@" text)"
  openssl dgst -sha256 -binary text >text.sha256
  kms sign --key-id "$(<"$key")" --message fileb://text.sha256 --message-type DIGEST --signing-algorithm "$algorithm" --query Signature |
    base64 -d >hash.sig
  equal "$algorithm of a hash, by openssl" 'Verified OK' "$(openssl dgst -sha256 -verify "$key.pem" -signature hash.sig "$@" text)"
  equal "$algorithm, by Qkms" True "$(kms verify --key-id "$(<"$key")" --message fileb://text --signature fileb://text.sig \
    --signing-algorithm "$algorithm" --query SignatureValid)"
  refused KMSInvalidSignatureException "$algorithm of another message" kms verify --key-id "$(<"$key")" --message fileb://zeros \
    --signature fileb://text.sig --signing-algorithm "$algorithm"
}

signatures() {
  signed release ECDSA_SHA_256
  signed rsa RSASSA_PSS_SHA_256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest
  signed rsa RSASSA_PKCS1_V1_5_SHA_256
  refused InvalidKeyUsageException 'signing with a key for encryption' \
    kms sign --key-id "$(<orders)" --message fileb://text --signing-algorithm ECDSA_SHA_256
  refused UnsupportedOperationException 'the public key of a symmetric key' kms get-public-key --key-id "$(<orders)"

  kms generate-mac --key-id "$(<hmac)" --message fileb://text --mac-algorithm HMAC_SHA_256 --query Mac | base64 -d >text.mac
  equal 'a MAC' True "$(kms verify-mac --key-id "$(<hmac)" --message fileb://text --mac fileb://text.mac --mac-algorithm HMAC_SHA_256 \
    --query MacValid)"
  refused KMSInvalidMacException 'a MAC of another message' \
    kms verify-mac --key-id "$(<hmac)" --message fileb://zeros --mac fileb://text.mac --mac-algorithm HMAC_SHA_256
}

# This client is older than the operation that rotates at once, so that the key is rotated over REST.
rotation() {
  local kid
  kid=$(curl -fsS -H "x-api-key: $QKMS_API_KEY" "$QKMS_URL/kms/keys?algorithm=AES-256&status=active&limit=1000" |
    tr '{' '\n' | grep "\"key_id\":\"$(<orders)\"" | field kid)
  post "/kms/keys/$kid/rotations" '{}' >rotated
  decrypt data-key.blob purpose=orders opened
  same 'after a rotation, the data key opens without a key id' data-key opened
  kms encrypt --key-id alias/orders --plaintext fileb://text --query CiphertextBlob | base64 -d >new.blob
  kms decrypt --ciphertext-blob fileb://new.blob --query Plaintext | base64 -d >opened
  same 'after a rotation, a new ciphertext opens' text opened

  kms enable-key-rotation --key-id "$(<orders)"
  equal 'yearly rotation is on' True "$(kms get-key-rotation-status --key-id "$(<orders)" --query KeyRotationEnabled)"
  kms disable-key-rotation --key-id "$(<orders)"
  equal 'yearly rotation is off' False "$(kms get-key-rotation-status --key-id "$(<orders)" --query KeyRotationEnabled)"
  refused UnsupportedOperationException 'rotation of a key for signatures' kms enable-key-rotation --key-id "$(<release)"
}

states() {
  kms disable-key --key-id "$(<orders)"
  equal 'a disabled key' Disabled "$(state orders)"
  refused DisabledException 'encryption with a disabled key' kms encrypt --key-id alias/orders --plaintext fileb://text
  refused DisabledException 'decryption with a disabled key' decrypt text.blob purpose=orders opened
  kms enable-key --key-id "$(<orders)"
  decrypt text.blob purpose=orders opened
  same 'an enabled key opens' text opened

  kms schedule-key-deletion --key-id "$(<old)" --pending-window-in-days 7 >scheduled
  equal 'a key that waits for its deletion' PendingDeletion "$(state old)"
  refused KMSInvalidStateException 'its use' kms encrypt --key-id "$(<old)" --plaintext fileb://text
  refused KMSInvalidStateException 'its second deletion' kms schedule-key-deletion --key-id "$(<old)"
  kms cancel-key-deletion --key-id "$(<old)" >cancelled
  equal 'a deletion that was cancelled leaves the key disabled' Disabled "$(state old)"
  kms enable-key --key-id "$(<old)"
  decrypt archived.blob purpose=archive opened
  same 'enabled again, it opens' text opened
  refused ValidationException 'a waiting time of six days' kms schedule-key-deletion --key-id "$(<old)" --pending-window-in-days 6
  create leaves
  kms schedule-key-deletion --key-id "$(<leaves)" >scheduled
}

policies() {
  equal 'the only policy' default "$(kms list-key-policies --key-id "$(<orders)" --query PolicyNames)"
  matches 'the policy is JSON' '"Statement"' "$(kms get-key-policy --key-id "$(<orders)" --policy-name default --query Policy)"
}

strangers() {
  local other
  refused NotFoundException 'an unknown key' kms describe-key --key-id 00000000-0000-4000-8000-000000000000
  refused NotFoundException 'encryption with an unknown key' \
    kms encrypt --key-id 00000000-0000-4000-8000-000000000000 --plaintext fileb://text
  refused InvalidSignatureException 'a wrong secret' \
    env AWS_SECRET_ACCESS_KEY="$(tr 'A-Za-z' 'B-ZAb-za' <secret)" "$aws" --endpoint-url "$QKMS_URL" kms generate-random --number-of-bytes 8
  refused UnrecognizedClientException 'an access key that was made up' \
    env AWS_ACCESS_KEY_ID=AKIAAAAAAAAAAAAAAAAA "$aws" --endpoint-url "$QKMS_URL" kms generate-random --number-of-bytes 8
  other=$(post /api-keys '{"label":"other","roles":["admin"],"kind":"sigv4"}' | field lookup_id)
  refused InvalidSignatureException 'the secret of another access key' \
    env AWS_ACCESS_KEY_ID="$other" "$aws" --endpoint-url "$QKMS_URL" kms generate-random --number-of-bytes 8
  refused UnrecognizedClientException 'a session token' \
    env AWS_SESSION_TOKEN=none "$aws" --endpoint-url "$QKMS_URL" kms generate-random --number-of-bytes 8
  refused UnsupportedOperationException 'an operation that is not there' kms list-grants --key-id "$(<orders)"
}

before() {
  make_access_key
  identify
  keys
  names
  secrets
  signatures
  rotation
  states
  policies
  strangers
}

after() {
  identify
  decrypt data-key.blob purpose=orders opened
  same 'after a restart, the data key opens without a key id' data-key opened
  decrypt text.blob purpose=orders opened
  same 'after a restart, a ciphertext from before the rotation opens' text opened
  equal 'after a restart, the alias' "$(<orders)" "$(kms describe-key --key-id alias/orders --query KeyMetadata.KeyId)"
  equal 'after a restart, the description' 'orders, described again' \
    "$(kms describe-key --key-id alias/orders --query KeyMetadata.Description)"
  equal 'after a restart, the tag' shop "$(kms list-resource-tags --key-id "$(<orders)" --query 'Tags[0].TagValue')"
  equal 'after a restart, the deletion' PendingDeletion "$(state leaves)"
  cp release.pem release.before
  signed release ECDSA_SHA_256
  same 'after a restart, the public key' release.pem release.before
  equal 'after a restart, the MAC' True "$(kms verify-mac --key-id "$(<hmac)" --message fileb://text --mac fileb://text.mac \
    --mac-algorithm HMAC_SHA_256 --query MacValid)"
}

identify() {
  AWS_ACCESS_KEY_ID=$(<id) AWS_SECRET_ACCESS_KEY=$(<secret)
  export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
}

"$aws" --version
case $part in
  before) before ;;
  after) after ;;
  *) fail "no such part: $part" ;;
esac
