# What docs/aws-clients.md does not show: the gate runs this after the page's section on cosign, in the same shell.

# refused TEXT COMMAND…: fails, and says so.
refused() {
  local text=$1 said
  shift
  if said=$("$@" 2>&1); then echo "it succeeded: $*"; exit 1; fi
  [[ $said == *"$text"* ]] || { echo "expected '$text', got: $said"; exit 1; }
}

# The signature holds for openssl, with the public key that cosign wrote.
base64 -d release.sig >release.der
openssl dgst -sha256 -verify cosign.pub -signature release.der release.txt

# Another file does not have it, neither by the public key nor by that of the service.
echo 'release 1.1' >other.txt
for key in cosign.pub "$RELEASE"; do
  refused 'invalid signature' cosign verify-blob --insecure-ignore-tlog --key "$key" --signature release.sig other.txt
done

# A second time, cosign finds the key that is there.
cp cosign.pub first.pub
cosign generate-key-pair --kms "$RELEASE"
cmp cosign.pub first.pub

# Keys of other kinds, by the ids of keys that REST makes. By a public key alone cosign verifies SHA-256 only, which P-384 does not sign.
for algorithm in RSA-3072 EC-P384; do
  key=$(post /kms/keys/generate "{\"algorithm\":\"$algorithm\",\"name\":\"cosign\",\"use\":\"sig\"}" | field key_id)
  uri=${RELEASE%alias/*}$key
  cosign sign-blob --yes --tlog-upload=false --key "$uri" --output-signature other.sig release.txt
  cosign verify-blob --insecure-ignore-tlog --key "$uri" --signature other.sig release.txt
  [ $algorithm = EC-P384 ] || {
    cosign public-key --key "$uri" >other.pub
    cosign verify-blob --insecure-ignore-tlog --key other.pub --signature other.sig release.txt
  }
done

refused NotFoundException cosign public-key --key "${RELEASE%/*}/unknown"
refused InvalidSignatureException env AWS_SECRET_ACCESS_KEY=wrong cosign public-key --key "$RELEASE"
refused 'failed to verify certificate' env -u SSL_CERT_FILE cosign public-key --key "$RELEASE"

# The access key that signs makes no keys.
refused AccessDeniedException cosign generate-key-pair --kms "${RELEASE%/*}/another"
