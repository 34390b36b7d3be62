#!/usr/bin/env python3
"""boto3 drives our stand-in for AWS KMS, and AWS' own model judges each reply.

judge.py FAKE_KMS: starts the program, calls every action that it has, and ends with `N passed, M failed`. boto3 parses
leniently, so each reply is also held against the shapes of botocore's model: required members, types, enumerations,
lengths. A reply that AWS could not give is a failure.
"""
import json
import subprocess
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
passed, failures = 0, []


def main(program):
    fake = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        kms = boto3.client(
            "kms", region_name="eu-west-1", endpoint_url=fake.stdout.readline().strip(),
            aws_access_key_id="AKIDTEST", aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}))
        kms.meta.events.register("after-call.kms.*", lambda **call: conforms(kms, **call))
        for part in (symmetric, states, rotation, rsa_keys, imports, stores, attested):
            try:
                part(kms)
                check(part.__name__, True)
            except Exception as error:  # a judge goes on to the next case
                check(f"{part.__name__}: {error!r}", False)
    finally:
        fake.stdin.close()
        fake.wait()
    for failure in failures:
        print("FAILED ", failure)
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures or not passed else 0


def check(name, holds):
    global passed
    if holds:
        passed += 1
    else:
        failures.append(name)


def conforms(kms, http_response, parsed, model, **_):
    """The body as it came over the wire, against the output shape."""
    if http_response.status_code != 200 or model.output_shape is None:
        return
    body = json.loads(http_response.content or b"{}") or {}
    problems = list(violations(body, model.output_shape, model.name))
    check("; ".join(problems) or model.name, not problems)


def violations(value, shape, path):
    kinds = {"structure": dict, "list": list, "map": dict, "string": str, "blob": str, "boolean": bool,
             "integer": int, "long": int, "timestamp": (int, float)}
    if not isinstance(value, kinds[shape.type_name]):
        yield f"{path}: {type(value).__name__} is no {shape.type_name}"
        return
    if shape.type_name == "structure":
        yield from (f"{path}.{name} is not in the model" for name in value if name not in shape.members)
        yield from (f"{path}.{name} is missing" for name in shape.required_members if name not in value)
        for name, member in shape.members.items():
            if name in value:
                yield from violations(value[name], member, f"{path}.{name}")
    elif shape.type_name == "list":
        for n, item in enumerate(value):
            yield from violations(item, shape.member, f"{path}[{n}]")
    elif shape.type_name == "string":
        if shape.enum and value not in shape.enum:
            yield f"{path}: {value!r} is not one of {shape.enum}"
        if not shape.metadata.get("min", 0) <= len(value) <= shape.metadata.get("max", len(value)):
            yield f"{path}: {len(value)} characters"


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        check(f"{call.__name__}: {error.response['Error']['Code']}, not {code}", error.response["Error"]["Code"] == code)
    else:
        check(f"{call.__name__}: not refused", False)


def symmetric(kms):
    key = kms.create_key(Description="judge")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/judge", TargetKeyId=key)
    refused("AlreadyExistsException", kms.create_alias, AliasName="alias/judge", TargetKeyId=key)
    arn = kms.describe_key(KeyId="alias/judge")["KeyMetadata"]["Arn"]
    context = {"ks1-b": "x", "tenant": "acme"}
    made = kms.generate_data_key(KeyId=key, NumberOfBytes=32, EncryptionContext=context)
    opened = kms.decrypt(KeyId=arn, CiphertextBlob=made["CiphertextBlob"], EncryptionContext=context)
    check("decrypt", opened["Plaintext"] == made["Plaintext"] and opened["KeyMaterialId"] == made["KeyMaterialId"])
    blob = made["CiphertextBlob"]
    for wrong in ({}, {"ks1-b": "y", "tenant": "acme"}):
        refused("InvalidCiphertextException", kms.decrypt, KeyId=key, CiphertextBlob=blob, EncryptionContext=wrong)
    altered = blob[:-1] + bytes([blob[-1] ^ 1])
    refused("InvalidCiphertextException", kms.decrypt, KeyId=key, CiphertextBlob=altered, EncryptionContext=context)
    sealed = kms.encrypt(KeyId=key, Plaintext=b"p" * 32, EncryptionContext=context)["CiphertextBlob"]
    moved = kms.re_encrypt(CiphertextBlob=sealed, SourceKeyId=key, SourceEncryptionContext=context,
                           DestinationKeyId=key, DestinationEncryptionContext={"a": "b"})
    opened = kms.decrypt(KeyId=key, CiphertextBlob=moved["CiphertextBlob"], EncryptionContext={"a": "b"})
    check("re_encrypt", opened["Plaintext"] == b"p" * 32)
    refused("NotFoundException", kms.describe_key, KeyId="alias/absent")
    for _ in range(4):
        kms.create_key()
    pages = [page["Keys"] for page in kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 2})]
    check("list_keys", len(pages) == 3 and sum(map(len, pages)) == 5)
    check("list_aliases", kms.list_aliases()["Aliases"][0]["AliasName"] == "alias/judge")


def states(kms):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key)
    refused("DisabledException", kms.generate_data_key, KeyId=key, NumberOfBytes=32)
    kms.enable_key(KeyId=key)
    due = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)["DeletionDate"]
    check("deletion date", due is not None)
    refused("KMSInvalidStateException", kms.generate_data_key, KeyId=key, NumberOfBytes=32)
    refused("KMSInvalidStateException", kms.schedule_key_deletion, KeyId=key)
    refused("KMSInvalidStateException", kms.enable_key, KeyId=key)
    kms.cancel_key_deletion(KeyId=key)
    check("cancelled", kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Disabled")


def rotation(kms):
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    old = kms.generate_data_key(KeyId=key, NumberOfBytes=32)
    kms.rotate_key_on_demand(KeyId=key)
    new = kms.generate_data_key(KeyId=key, NumberOfBytes=32)
    check("other material", old["KeyMaterialId"] != new["KeyMaterialId"])
    check("old opens", kms.decrypt(KeyId=key, CiphertextBlob=old["CiphertextBlob"])["Plaintext"] == old["Plaintext"])
    listed = kms.list_key_rotations(KeyId=key, IncludeKeyMaterial="ALL_KEY_MATERIAL")["Rotations"]
    check("rotations", [r["KeyMaterialState"] for r in listed] == ["NON_CURRENT", "CURRENT"])
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    check("period", kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"] == 90)
    kms.disable_key_rotation(KeyId=key)
    check("stopped", not kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"])


def rsa_keys(kms):
    key = kms.create_key(KeySpec="RSA_2048", KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]["KeyId"]
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    sealed = public.encrypt(b"w" * 32, OAEP)
    opened = kms.decrypt(KeyId=key, CiphertextBlob=sealed, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
    check("RSA-OAEP of another library", opened["Plaintext"] == b"w" * 32)
    refused("InvalidKeyUsageException", kms.generate_data_key, KeyId=key, NumberOfBytes=32)


def imports(kms):
    key = kms.create_key(Origin="EXTERNAL")["KeyMetadata"]["KeyId"]
    refused("KMSInvalidStateException", kms.generate_data_key, KeyId=key, NumberOfBytes=32)
    for first in (True, False):
        given = kms.get_parameters_for_import(
            KeyId=key, WrappingAlgorithm="RSAES_OAEP_SHA_256", WrappingKeySpec="RSA_2048")
        public = serialization.load_der_public_key(given["PublicKey"])
        arguments = dict(KeyId=key, ImportToken=given["ImportToken"], ExpirationModel="KEY_MATERIAL_DOES_NOT_EXPIRE")
        if first:
            kms.import_key_material(EncryptedKeyMaterial=public.encrypt(b"m" * 32, OAEP), **arguments)
        else:
            refused("IncorrectKeyMaterialException", kms.import_key_material,
                    EncryptedKeyMaterial=public.encrypt(b"n" * 32, OAEP), **arguments)
    check("usable", kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled")


def stores(kms):
    store = kms.create_custom_key_store(
        CustomKeyStoreName="outside", CustomKeyStoreType="EXTERNAL_KEY_STORE",
        XksProxyUriEndpoint="https://xks.example", XksProxyUriPath="/kms/xks/v1",
        XksProxyAuthenticationCredential={"AccessKeyId": "A" * 20, "RawSecretAccessKey": "s" * 43},
        XksProxyConnectivity="PUBLIC_ENDPOINT")["CustomKeyStoreId"]
    arguments = dict(CustomKeyStoreId=store, Origin="EXTERNAL_KEY_STORE", XksKeyId="1")
    refused("CustomKeyStoreInvalidStateException", kms.create_key, **arguments)
    kms.connect_custom_key_store(CustomKeyStoreId=store)
    check("in the store", kms.create_key(**arguments)["KeyMetadata"]["CustomKeyStoreId"] == store)
    listed = kms.describe_custom_key_stores()["CustomKeyStores"]
    check("connected", [entry["ConnectionState"] for entry in listed] == ["CONNECTED"])
    kms.disconnect_custom_key_store(CustomKeyStoreId=store)


def attested(kms):
    pair = rsa.generate_private_key(65537, 2048)
    public = pair.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    document = b"\xa1\x6apublic_key\x59" + len(public).to_bytes(2, "big") + public
    recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": document}
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    made = kms.generate_data_key(KeyId=key, NumberOfBytes=32, Recipient=recipient)
    check("no plaintext beside it", not made.get("Plaintext") and made["CiphertextForRecipient"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
