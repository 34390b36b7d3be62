#!/usr/bin/env python3
"""Google's own client drives our stand-in for Cloud KMS, and Google's discovery document judges each reply.

judge_gcp.py FAKE_GCP: starts the program, calls every method that it has, and ends with `N passed, M failed`. The client
parses leniently, so each reply is also held against the document that googleapiclient ships: members, types, formats,
enumerations; and each request, so that this judge asks as Google would be asked. Checksums are google_crc32c's.
"""
import base64
import datetime
import json
import re
import subprocess
import sys
from pathlib import Path

import google_crc32c
import googleapiclient
import requests
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import kms_v1
from google.cloud.kms_v1.services.autokey.transports.rest import AutokeyRestTransport
from google.cloud.kms_v1.services.ekm_service.transports.rest import EkmServiceRestTransport
from google.cloud.kms_v1.services.key_management_service.transports.rest import KeyManagementServiceRestTransport
from googleapiclient.discovery import build_from_document

DOCUMENT = json.loads(
    (Path(googleapiclient.__file__).parent / "discovery_cache/documents/cloudkms.v1.json").read_text())
PLACE = "projects/acme/locations/europe-west1"
RING = f"{PLACE}/keyRings/judge"
OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
passed, failures = 0, []


def main(program):
    sees()
    fake = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        host = fake.stdout.readline().strip().removeprefix("http://")
        options = dict(host=host, url_scheme="http", credentials=AnonymousCredentials())
        transports = [
            KeyManagementServiceRestTransport(**options), EkmServiceRestTransport(**options),
            AutokeyRestTransport(**options)]
        for transport in transports:
            transport._session.hooks["response"].append(lambda reply, **_: conforms(reply))
        kms = kms_v1.KeyManagementServiceClient(transport=transports[0])
        kms.create_key_ring(parent=PLACE, key_ring_id="judge", key_ring={})
        for part in (symmetric, states, rotation, rsa, pairs, macs, raw, imports, places):
            run(part, kms)
        run(managers, kms_v1.EkmServiceClient(transport=transports[1]), kms)
        run(autokey, kms_v1.AutokeyClient(transport=transports[2]))
        run(discovered, f"http://{host}/")
    finally:
        fake.stdin.close()
        fake.wait()
    for failure in failures:
        print("FAILED ", failure)
    print(f"{passed} passed, {len(failures)} failed")
    return 1 if failures or not passed else 0


def run(part, *arguments):
    try:
        part(*arguments)
        check(part.__name__, True)
    except Exception as error:  # a judge goes on to the next case
        check(f"{part.__name__}: {error!r}", False)


def check(name, holds):
    global passed
    if holds:
        passed += 1
    else:
        failures.append(name)


def conforms(reply):
    """Request and reply as they crossed the wire, against the document."""
    method = method_of(reply.request.method, reply.request.path_url.split("?")[0])
    if method is None:
        check(f"{reply.request.method} {reply.request.path_url}: not in the document", False)
        return
    problems = []
    if reply.status_code == 200:
        problems += violations(reply.json(), DOCUMENT["schemas"][method["response"]["$ref"]], method["id"])
    if reply.request.body and "request" in method:
        body = json.loads(reply.request.body)
        problems += violations(body, DOCUMENT["schemas"][method["request"]["$ref"]], f"{method['id']} (request)")
    check("; ".join(problems) or method["id"], not problems)


def method_of(verb, path):
    found = [method for method in methods(DOCUMENT) if method["httpMethod"] == verb and method["pattern"].fullmatch(path)]
    # A name may also match what follows a colon; the longest pattern does not.
    return max(found, key=lambda method: len(method["path"]), default=None)


def methods(resource):
    for method in resource.get("methods", {}).values():
        if "pattern" not in method:
            # `v1/{+name}:encrypt`, where the parameter says what a name is.
            parts = re.split(r"\{\+(\w+)\}", method["path"])
            inner = [method["parameters"][part]["pattern"].strip("^$") if n % 2 else re.escape(part)
                     for n, part in enumerate(parts)]
            method["pattern"] = re.compile("/" + "".join(inner))
        yield method
    for inner in resource.get("resources", {}).values():
        yield from methods(inner)


def violations(value, schema, path):
    if "$ref" in schema:
        schema = DOCUMENT["schemas"][schema["$ref"]]
    kind = schema.get("type")
    if kind == "object":
        yield from violations_of_object(value, schema, path)
    elif kind == "array":
        for n, item in enumerate(value):
            yield from violations(item, schema["items"], f"{path}[{n}]")
    elif "enum" in schema:
        # This client writes enumerations as numbers.
        if value not in schema["enum"] and not isinstance(value, int):
            yield f"{path}: {value!r} is not one of {schema['enum']}"
    elif kind in TYPES and not isinstance(value, TYPES[kind]):
        yield f"{path}: {value!r} is no {kind}"
    elif schema.get("format") in FORMATS and not FORMATS[schema["format"]].fullmatch(value):
        yield f"{path}: {value!r} is no {schema['format']}"


def violations_of_object(value, schema, path):
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no object"
        return
    for name, member in value.items():
        if name in schema.get("properties", {}):
            yield from violations(member, schema["properties"][name], f"{path}.{name}")
        elif "additionalProperties" in schema:
            yield from violations(member, schema["additionalProperties"], f"{path}.{name}")
        else:
            yield f"{path}.{name} is not in the document"


def sees():
    """A judge that sees nothing would pass everything."""
    for body in ({"ciphertextCrc32c": 7}, {"ciphertext": "!"}, {"unknown": "x"}, {"protectionLevel": "HARD"}, []):
        check(f"{body} was not seen", list(violations(body, {"$ref": "EncryptResponse"}, "EncryptResponse")))
    for path in ("/v1/projects/p/keyRings", f"/v1/{RING}/cryptoKeys/k:unknown", f"/v2/{RING}"):
        check(f"{path} was taken", method_of("POST", path) is None)


TYPES = {"string": str, "boolean": bool, "integer": int}
FORMATS = {
    "byte": re.compile(r"[A-Za-z0-9+/]*={0,2}"),
    "int64": re.compile(r"-?\d+"),
    "google-datetime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"),
    "google-duration": re.compile(r"-?\d+(\.\d+)?s"),
}


def refused(code, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except exceptions.GoogleAPICallError as error:
        told = error.response.json()["error"]
        check(f"{call.__name__}: {told}, not {code}", told["status"] == code and told["code"] == error.response.status_code)
    else:
        check(f"{call.__name__}: not refused", False)


def crc(data):
    return google_crc32c.value(data)


def make(kms, name, purpose="ENCRYPT_DECRYPT", algorithm="GOOGLE_SYMMETRIC_ENCRYPTION", **more):
    template = {"algorithm": algorithm, "protection_level": more.pop("level", "SOFTWARE")}
    request = {"parent": RING, "crypto_key_id": name, "crypto_key": {"purpose": purpose, "version_template": template}}
    request["crypto_key"] |= more.pop("key", {})
    return kms.create_crypto_key(request=request | more).name


def symmetric(kms):
    key = make(kms, "symmetric", key={"labels": {"a": "b"}})
    refused("ALREADY_EXISTS", make, kms, "symmetric")
    request = {"name": key, "plaintext": b"p" * 32, "plaintext_crc32c": crc(b"p" * 32),
               "additional_authenticated_data": b"aad", "additional_authenticated_data_crc32c": crc(b"aad")}
    made = kms.encrypt(request=request)
    check("names the version", made.name == f"{key}/cryptoKeyVersions/1")
    check("verified", made.verified_plaintext_crc32c and made.verified_additional_authenticated_data_crc32c)
    check("checksum", made.ciphertext_crc32c == crc(made.ciphertext))
    opened = kms.decrypt(request={"name": key, "ciphertext": made.ciphertext, "additional_authenticated_data": b"aad"})
    check("decrypt", opened.plaintext == b"p" * 32 and opened.used_primary and opened.plaintext_crc32c == crc(b"p" * 32))
    unchecked = kms.encrypt(request={"name": key, "plaintext": b"p"})
    check("not verified", not unchecked.verified_plaintext_crc32c)
    refused("INVALID_ARGUMENT", kms.encrypt, request=request | {"plaintext_crc32c": 7})
    for wrong in (b"", b"other"):
        request = {"name": key, "ciphertext": made.ciphertext, "additional_authenticated_data": wrong}
        refused("INVALID_ARGUMENT", kms.decrypt, request=request)
    altered = made.ciphertext[:-1] + bytes([made.ciphertext[-1] ^ 1])
    refused("INVALID_ARGUMENT", kms.decrypt, request=request | {"ciphertext": altered})
    refused("NOT_FOUND", kms.get_crypto_key, name=f"{RING}/cryptoKeys/absent")
    for n in range(4):
        make(kms, f"page-{n}")
    listed = list(kms.list_crypto_keys(request={"parent": RING, "page_size": 2}))
    check("pages", len(listed) == 5 and listed[-1].labels == {"a": "b"})


def states(kms):
    key = make(kms, "states")
    version = kms.create_crypto_key_version(parent=key, crypto_key_version={}).name
    enum = kms_v1.CryptoKeyVersion.CryptoKeyVersionState
    mask = {"paths": ["state"]}
    update = lambda state: kms.update_crypto_key_version(
        crypto_key_version={"name": version, "state": state}, update_mask=mask)
    check("disabled", update(enum.DISABLED).state == enum.DISABLED)
    refused("FAILED_PRECONDITION", kms.encrypt, request={"name": version, "plaintext": b"p"})
    check("enabled", update(enum.ENABLED).state == enum.ENABLED)
    destroyed = kms.destroy_crypto_key_version(name=version)
    wait = destroyed.destroy_time - datetime.datetime.now(datetime.timezone.utc)
    check("scheduled", destroyed.state == enum.DESTROY_SCHEDULED and 29 <= wait.days <= 30)
    refused("FAILED_PRECONDITION", kms.encrypt, request={"name": version, "plaintext": b"p"})
    refused("FAILED_PRECONDITION", kms.destroy_crypto_key_version, name=version)
    refused("FAILED_PRECONDITION", update, enum.ENABLED)
    check("restored", kms.restore_crypto_key_version(name=version).state == enum.DISABLED)
    refused("FAILED_PRECONDITION", kms.restore_crypto_key_version, name=version)
    check("listed", [v.state for v in kms.list_crypto_key_versions(parent=key)] == [enum.ENABLED, enum.DISABLED])


def rotation(kms):
    key = make(kms, "rotation")
    old = kms.encrypt(name=key, plaintext=b"p")
    second = kms.create_crypto_key_version(parent=key, crypto_key_version={})
    primary = kms.update_crypto_key_primary_version(name=key, crypto_key_version_id="2").primary
    check("primary", primary.name == second.name)
    check("new wraps", kms.encrypt(name=key, plaintext=b"p").name == second.name)
    check("old wraps", kms.encrypt(name=old.name, plaintext=b"p").name == old.name)
    opened = kms.decrypt(name=key, ciphertext=old.ciphertext)
    check("old opens", opened.plaintext == b"p" and not opened.used_primary)
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    period = {"name": key, "rotation_period": {"seconds": 86_400 * 90}, "next_rotation_time": when}
    updated = kms.update_crypto_key(
        crypto_key=period, update_mask={"paths": ["rotation_period", "next_rotation_time"]})
    check("period", updated.rotation_period.days == 90 and kms.get_crypto_key(name=key).next_rotation_time)
    labels = {"name": key, "labels": {"x": "1-2_4"}}
    check("labels", kms.update_crypto_key(crypto_key=labels, update_mask={"paths": ["labels"]}).labels["x"] == "1-2_4")


def rsa(kms):
    key = make(kms, "rsa", "ASYMMETRIC_DECRYPT", "RSA_DECRYPT_OAEP_2048_SHA256")
    version = f"{key}/cryptoKeyVersions/1"
    public = kms.get_public_key(name=version)
    check("checksum", public.pem_crc32c == crc(public.pem.encode()) and public.name == version)
    sealed = serialization.load_pem_public_key(public.pem.encode()).encrypt(b"w" * 32, OAEP)
    request = {"name": version, "ciphertext": sealed, "ciphertext_crc32c": crc(sealed)}
    opened = kms.asymmetric_decrypt(request=request)
    check("RSA-OAEP of another library", opened.plaintext == b"w" * 32 and opened.verified_ciphertext_crc32c)
    check("checksum", opened.plaintext_crc32c == crc(opened.plaintext))
    refused("INVALID_ARGUMENT", kms.encrypt, request={"name": version, "plaintext": b"p"})


def pairs(kms):
    formats = kms_v1.PublicKey.PublicKeyFormat
    for algorithm, length, sealed, form in [
            ("ML_KEM_768", 1184, 1088, formats.NIST_PQC), ("ML_KEM_1024", 1568, 1568, formats.NIST_PQC),
            ("KEM_XWING", 1216, 1120, formats.XWING_RAW_BYTES)]:
        version = make(kms, algorithm.lower(), "KEY_ENCAPSULATION", algorithm) + "/cryptoKeyVersions/1"
        public = kms.get_public_key(request={"name": version, "public_key_format": form})
        data = public.public_key
        check(algorithm, len(data.data) == length and data.crc32c_checksum == crc(data.data))
        refused("INVALID_ARGUMENT", kms.get_public_key, request={"name": version})
        # Any ciphertext of the right length has a secret (implicit rejection).
        request = {"name": version, "ciphertext": b"\1" * sealed, "ciphertext_crc32c": crc(b"\1" * sealed)}
        found = kms.decapsulate(request=request)
        check("secret", len(found.shared_secret) == 32 and found.name == version and found.verified_ciphertext_crc32c)
        check("checksum", found.shared_secret_crc32c == crc(found.shared_secret))
        refused("INVALID_ARGUMENT", kms.decapsulate, request=request | {"ciphertext": b"short"})


def macs(kms):
    version = make(kms, "mac", "MAC", "HMAC_SHA512") + "/cryptoKeyVersions/1"
    made = kms.mac_sign(request={"name": version, "data": b"data", "data_crc32c": crc(b"data")})
    check("mac", len(made.mac) == 64 and made.mac_crc32c == crc(made.mac) and made.verified_data_crc32c)
    request = {"name": version, "data": b"data", "mac": made.mac, "mac_crc32c": crc(made.mac)}
    right = kms.mac_verify(request=request)
    check("right", right.success and right.verified_success_integrity and right.verified_mac_crc32c)
    wrong = kms.mac_verify(request=request | {"data": b"date"})
    check("wrong", not wrong.success and not wrong.verified_success_integrity and wrong.name == version)


def raw(kms):
    version = make(kms, "raw", "RAW_ENCRYPT_DECRYPT", "AES_256_GCM") + "/cryptoKeyVersions/1"
    made = kms.raw_encrypt(request={"name": version, "plaintext": b"p", "plaintext_crc32c": crc(b"p")})
    check("raw", made.tag_length == 16 and made.ciphertext_crc32c == crc(made.ciphertext))
    check("vector", made.initialization_vector_crc32c == crc(made.initialization_vector))
    request = {"name": version, "ciphertext": made.ciphertext, "initialization_vector": made.initialization_vector}
    opened = kms.raw_decrypt(request=request | {"ciphertext_crc32c": crc(made.ciphertext)})
    check("opened", opened.plaintext == b"p" and opened.verified_ciphertext_crc32c)
    refused("INVALID_ARGUMENT", kms.raw_decrypt, request=request | {"additional_authenticated_data": b"x"})
    random = kms.generate_random_bytes(location=PLACE, length_bytes=32, protection_level="HSM")
    check("random", len(random.data) == 32 and random.data_crc32c == crc(random.data))


def imports(kms):
    methods = kms_v1.ImportJob.ImportMethod
    for n, method in enumerate([methods.RSA_OAEP_3072_SHA256_AES_256, methods.RSA_OAEP_3072_SHA256]):
        key = make(kms, f"imported-{n}", key={"import_only": True}, skip_initial_version_creation=True)
        refused("FAILED_PRECONDITION", kms.create_crypto_key_version, parent=key, crypto_key_version={})
        job = kms.create_import_job(
            parent=RING, import_job_id=f"job-{n}", import_job={"import_method": method, "protection_level": "SOFTWARE"})
        job = kms.get_import_job(name=job.name)
        public = serialization.load_pem_public_key(job.public_key.pem.encode())
        # By another library than ours, as Google's own instructions have it.
        if n == 0:
            wrapped = public.encrypt(b"k" * 32, OAEP) + keywrap.aes_key_wrap_with_padding(b"k" * 32, b"m" * 32)
        else:
            wrapped = public.encrypt(b"m" * 32, OAEP)
        request = {"parent": key, "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION", "import_job": job.name}
        made = kms.import_crypto_key_version(request=request | {"wrapped_key": wrapped})
        check("imported", made.import_job == job.name and made.state.name == "ENABLED")
        refused("INVALID_ARGUMENT", kms.import_crypto_key_version, request=request | {"wrapped_key": wrapped[1:]})
        primary = kms.update_crypto_key_primary_version(name=key, crypto_key_version_id="1").primary
        check("primary", primary.name == made.name)
        sealed = kms.encrypt(name=key, plaintext=b"p").ciphertext
        check("wraps", kms.decrypt(name=key, ciphertext=sealed).plaintext == b"p")


def places(kms):
    check("ring", kms.get_key_ring(name=RING).name == RING)
    check("rings", [ring.name for ring in kms.list_key_rings(parent=PLACE)] == [RING])
    refused("NOT_FOUND", kms.get_key_ring, name=f"{PLACE}/keyRings/absent")
    version = make(kms, "hsm", level="HSM") + "/cryptoKeyVersions/1"
    found = [kms.get_crypto_key_version(name=version).state.name for _ in range(3)]
    check("an HSM takes its time", found[0] == "PENDING_GENERATION" and found[-1] == "ENABLED")


def managers(ekm, kms):
    resolver = {"service_directory_service": f"{PLACE}/namespaces/n/services/s", "hostname": "ekm.example",
                "server_certificates": [{"raw_der": b"\x30\x00"}]}
    connection = {"service_resolvers": [resolver]}
    made = ekm.create_ekm_connection(parent=PLACE, ekm_connection_id="outside", ekm_connection=connection)
    check("connections", [c.name for c in ekm.list_ekm_connections(parent=PLACE)] == [made.name])
    ekm.verify_connectivity(name=made.name)
    refused("NOT_FOUND", ekm.verify_connectivity, name=f"{PLACE}/ekmConnections/absent")
    key = make(kms, "outside", algorithm="EXTERNAL_SYMMETRIC_ENCRYPTION", level="EXTERNAL_VPC",
               key={"crypto_key_backend": made.name}, skip_initial_version_creation=True)
    options = {"external_protection_level_options": {"ekm_connection_key_path": "v0/key/1"}}
    version = kms.create_crypto_key_version(parent=key, crypto_key_version=options)
    check("path", version.external_protection_level_options.ekm_connection_key_path == "v0/key/1")


def autokey(client):
    handle = {"resource_type_selector": "storage.googleapis.com/Bucket"}
    # The operation is waited for by hand: its client would wait for seconds.
    transport = client.transport
    request = kms_v1.CreateKeyHandleRequest(parent=PLACE, key_handle_id="bucket", key_handle=handle)
    operation = transport.create_key_handle(request)
    check("under way", not operation.done)
    polled = [transport.operations_client.get_operation(operation.name) for _ in range(2)][-1]
    made = kms_v1.KeyHandle.deserialize(polled.response.value)
    check("done", polled.done and made.kms_key.endswith("/cryptoKeys/bucket"))
    listed = list(client.list_key_handles(parent=PLACE))
    check("listed", [handle.kms_key for handle in listed] == [made.kms_key])


def discovered(root):
    """The other client of Google's, which is made of the document alone and writes names and not numbers."""
    document = json.loads(json.dumps(DOCUMENT, default=lambda _: None)) | {"rootUrl": root}
    service = build_from_document(document, http=Wire())
    keys = service.projects().locations().keyRings().cryptoKeys()
    body = {"purpose": "ENCRYPT_DECRYPT", "versionTemplate": {"algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION"}}
    key = keys.create(parent=RING, cryptoKeyId="discovered", body=body).execute()["name"]
    text = base64.b64encode(b"p").decode()
    sealed = keys.encrypt(name=key, body={"plaintext": text, "plaintextCrc32c": str(crc(b"p"))}).execute()
    check("verified", sealed["verifiedPlaintextCrc32c"] is True)
    check("opened", keys.decrypt(name=key, body={"ciphertext": sealed["ciphertext"]}).execute()["plaintext"] == text)


class Wire:
    """httplib2's interface over requests, so that its replies are judged too."""

    def request(self, uri, method="GET", body=None, headers=None, **_):
        reply = requests.request(method, uri, data=body, headers=headers, timeout=30)
        conforms(reply)
        return Status(reply.status_code), reply.content

    def close(self):
        pass


class Status(dict):
    def __init__(self, status):
        super().__init__({"status": str(status), "content-type": "application/json"})
        self.status, self.reason = status, ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
