#!/usr/bin/python3
"""Debian's boto3 (python3-boto3), unmodified, against a started service, in two parts with a restart between them.

  .ci/aws.py before FILE   makes keys, uses them, and leaves in FILE what the second part needs
  .ci/aws.py after FILE    uses what the first part made

QKMS_URL and QKMS_API_KEY say where the service is and who may make an access key. Each check prints a line; the first that fails ends it.
"""

import datetime
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import urllib.request

import botocore.auth
import botocore.exceptions
import boto3
from botocore.config import Config

URL, API_KEY = os.environ["QKMS_URL"], os.environ["QKMS_API_KEY"]
REGION = "eu-central-1"


def ok(what):
    print("ok:", what)


def same(what, expected, actual):
    assert expected == actual, f"{what}: expected {expected!r}, got {actual!r}"
    ok(what)


def refused(exception, what, operation, **arguments):
    try:
        answer = operation(**arguments)
    except botocore.exceptions.ClientError as error:
        same(f"{what} is {exception}", exception, error.response["Error"]["Code"])
        return
    raise AssertionError(f"{what}: it succeeded: {answer}")


def rest(path, body):
    request = urllib.request.Request(
        URL + path, json.dumps(body).encode(), {"x-api-key": API_KEY, "Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["data"]


def client_of(access_key, secret, **more):
    return boto3.client(
        "kms", endpoint_url=URL, region_name=REGION, aws_access_key_id=access_key, aws_secret_access_key=secret,
        config=Config(retries={"max_attempts": 0}), **more)


def holds_for_openssl(public_key, signature, message, *options):
    """Whether openssl verifies a signature with the public key as the service gives it."""
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, name) for name in ("key.der", "signature", "message")]
        for name, content in zip(names, (public_key, signature, message)):
            with open(name, "wb") as file:
                file.write(content)
        command = ["openssl", "dgst", "-sha256", "-keyform", "DER", "-verify", names[0], "-signature", names[1], *options, names[2]]
        return subprocess.run(command, capture_output=True, check=False).stdout == b"Verified OK\n"


def keys_of(kms):
    made = {}
    for name, spec, usage in (
        ("orders", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"), ("archive", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT"),
        ("release", "ECC_NIST_P256", "SIGN_VERIFY"), ("rsa", "RSA_2048", "SIGN_VERIFY"), ("mac", "HMAC_512", "GENERATE_VERIFY_MAC"),
    ):
        key = kms.create_key(KeySpec=spec, KeyUsage=usage, Description=name)
        made[name] = key["KeyMetadata"]["KeyId"]
        described = kms.describe_key(KeyId=made[name])["KeyMetadata"]
        same(f"create and describe {spec}", key["KeyMetadata"], described)
        age = datetime.datetime.now(datetime.timezone.utc) - described["CreationDate"]
        assert abs(age) < datetime.timedelta(minutes=10), age
    listed = [key["KeyId"] for page in kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2}) for key in page["Keys"]]
    same("every key is listed once, in pages of two", (len(listed), set()), (len(set(listed)), set(made.values()) - set(listed)))
    kms.tag_resource(KeyId=made["orders"], Tags=[{"TagKey": "client", "TagValue": "boto3"}])
    same("tags", [{"TagKey": "client", "TagValue": "boto3"}], kms.list_resource_tags(KeyId=made["orders"])["Tags"])
    return made


def use_secrets(kms, made):
    kms.create_alias(AliasName="alias/boto3", TargetKeyId=made["orders"])
    context = {"purpose": "orders", "\U0001F600": "smile"}
    key = kms.generate_data_key(KeyId="alias/boto3", KeySpec="AES_256", EncryptionContext=context)
    kid = rest_kid(made["orders"])
    rest(f"/kms/keys/{kid}/rotations", {})
    opened = kms.decrypt(CiphertextBlob=key["CiphertextBlob"], EncryptionContext=context)
    same("after a rotation, the data key opens without a key id", key["Plaintext"], opened["Plaintext"])
    same("the answer names the key", kms.describe_key(KeyId="alias/boto3")["KeyMetadata"]["Arn"], opened["KeyId"])
    refused("InvalidCiphertextException", "another context", kms.decrypt, CiphertextBlob=key["CiphertextBlob"], EncryptionContext={})
    text = kms.encrypt(KeyId="alias/boto3", Plaintext=b"text")
    moved = kms.re_encrypt(CiphertextBlob=text["CiphertextBlob"], DestinationKeyId=made["archive"])
    same("a ciphertext under another key", b"text", kms.decrypt(CiphertextBlob=moved["CiphertextBlob"], KeyId=made["archive"])["Plaintext"])
    return {"blob": key["CiphertextBlob"].hex(), "plaintext": key["Plaintext"].hex(), "context": context}


def rest_kid(key_id):
    request = urllib.request.Request(f"{URL}/kms/keys?algorithm=AES-256&status=active&limit=1000", headers={"x-api-key": API_KEY})
    with urllib.request.urlopen(request) as answer:
        return next(key["kid"] for key in json.load(answer)["data"]["keys"] if key["key_id"] == key_id)


def sign(kms, made):
    message = os.urandom(300)
    pss = ("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest")
    for name, algorithm, options in (
        ("release", "ECDSA_SHA_256", ()), ("rsa", "RSASSA_PSS_SHA_256", pss), ("rsa", "RSASSA_PKCS1_V1_5_SHA_256", ()),
    ):
        public_key = kms.get_public_key(KeyId=made[name])["PublicKey"]
        for kind, signed in (("RAW", message), ("DIGEST", hashlib.sha256(message).digest())):
            signature = kms.sign(KeyId=made[name], Message=signed, MessageType=kind, SigningAlgorithm=algorithm)["Signature"]
            same(f"{algorithm}, {kind}, by openssl", True, holds_for_openssl(public_key, signature, message, *options))
        refused("KMSInvalidSignatureException", f"{algorithm} of another message", kms.verify,
                KeyId=made[name], Message=b"another", Signature=signature, SigningAlgorithm=algorithm)
    mac = kms.generate_mac(KeyId=made["mac"], Message=message, MacAlgorithm="HMAC_SHA_512")["Mac"]
    same("a MAC", True, kms.verify_mac(KeyId=made["mac"], Message=message, Mac=mac, MacAlgorithm="HMAC_SHA_512")["MacValid"])
    refused("KMSInvalidMacException", "a MAC of another message", kms.verify_mac,
            KeyId=made["mac"], Message=b"another", Mac=mac, MacAlgorithm="HMAC_SHA_512")


def change_states(kms, made):
    kms.disable_key(KeyId=made["archive"])
    refused("DisabledException", "use of a disabled key", kms.encrypt, KeyId=made["archive"], Plaintext=b"text")
    kms.enable_key(KeyId=made["archive"])
    kms.encrypt(KeyId=made["archive"], Plaintext=b"text")
    answer = kms.schedule_key_deletion(KeyId=made["archive"], PendingWindowInDays=30)
    same("a deletion in 30 days", ("PendingDeletion", 30), (answer["KeyState"], answer["PendingWindowInDays"]))
    refused("KMSInvalidStateException", "use of a key that waits for its deletion", kms.encrypt, KeyId=made["archive"], Plaintext=b"text")
    kms.cancel_key_deletion(KeyId=made["archive"])
    same("a deletion that was cancelled", "Disabled", kms.describe_key(KeyId=made["archive"])["KeyMetadata"]["KeyState"])


class SlowClock(datetime.datetime):
    """A clock ten minutes slow."""

    @classmethod
    def utcnow(cls):
        return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - datetime.timedelta(minutes=10)


def refuse_strangers(kms, access_key, secret):
    random = {"NumberOfBytes": 8}
    refused("NotFoundException", "an unknown key", kms.describe_key, KeyId="00000000-0000-4000-8000-000000000000")
    for exception, what, stranger in (
        ("InvalidSignatureException", "a wrong secret", client_of(access_key, "a" * 40)),
        ("UnrecognizedClientException", "an access key that was made up", client_of("AKIAAAAAAAAAAAAAAAAA", secret)),
        ("UnrecognizedClientException", "a session token", client_of(access_key, secret, aws_session_token="x")),
    ):
        refused(exception, what, stranger.generate_random, **random)

    usual = botocore.auth.datetime.datetime
    botocore.auth.datetime.datetime = SlowClock
    try:
        refused("InvalidSignatureException", "a clock ten minutes slow", client_of(access_key, secret).generate_random, **random)
    finally:
        botocore.auth.datetime.datetime = usual

    def swap_target(request, **_):
        request.headers["X-Amz-Target"] = b"TrentService.GenerateDataKey"

    def change_body(request, **_):
        request.body = b'{"NumberOfBytes": 9}'

    for what, change in (("a swapped target header", swap_target), ("a changed body", change_body)):
        changed = client_of(access_key, secret)
        changed.meta.events.register("before-send.kms.*", change)
        refused("InvalidSignatureException", what, changed.generate_random, **random)


def before(path):
    made_key = rest("/api-keys", {"label": "boto3", "roles": ["admin"], "kind": "sigv4"})
    access_key, secret = made_key["lookup_id"], made_key["secret_access_key"]
    kms = client_of(access_key, secret)
    made = keys_of(kms)
    kept = use_secrets(kms, made)
    sign(kms, made)
    change_states(kms, made)
    refuse_strangers(kms, access_key, secret)
    with open(path, "w", encoding="ascii") as file:
        json.dump({"access_key": access_key, "secret": secret, "keys": made, **kept}, file)


def after(path):
    with open(path, encoding="ascii") as file:
        kept = json.load(file)
    kms = client_of(kept["access_key"], kept["secret"])
    opened = kms.decrypt(CiphertextBlob=bytes.fromhex(kept["blob"]), EncryptionContext=kept["context"])
    same("after a restart, the data key opens without a key id", bytes.fromhex(kept["plaintext"]), opened["Plaintext"])
    same("after a restart, the alias", kept["keys"]["orders"], kms.describe_key(KeyId="alias/boto3")["KeyMetadata"]["KeyId"])


print("boto3", boto3.__version__, "botocore", botocore.__version__)
{"before": before, "after": after}[sys.argv[1]](sys.argv[2])
