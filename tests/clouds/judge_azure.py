#!/usr/bin/env python3
"""Microsoft's client drives our stand-ins for Azure, and Microsoft's own models judge each reply.

judge_azure.py FAKE_VAULT: starts the program, which is a vault and a managed HSM, drives both by azure-keyvault-keys,
and ends with `N passed, M failed`. The client parses leniently, so each reply is also held against the models that it
was generated with: names, types, enumerations. What was wrapped is unwrapped by the `cryptography` package, and back.
The client insists on TLS; a proxy of this program ends it.
"""
import base64
import datetime
import importlib
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import urllib.request

from azure.core.credentials import AccessToken
from azure.core.exceptions import (ClientAuthenticationError, HttpResponseError, ResourceExistsError,
                                   ResourceNotFoundError)
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.keyvault.keys import (ApiVersion, JsonWebKey, KeyClient, KeyReleasePolicy, KeyRotationLifetimeAction,
                                 KeyRotationPolicy, KeyRotationPolicyAction)
from azure.keyvault.keys.crypto import CryptographyClient, EncryptionAlgorithm, KeyWrapAlgorithm
from cryptography import x509
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

MODELS = importlib.import_module("azure.keyvault.keys._generated.models")
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"
passed, failures = 0, []


def main(program):
    fake = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        with tempfile.TemporaryDirectory() as folder:
            certificate(folder)
            vault, hsm = (Service(fake.stdout.readline().strip(), folder) for _ in range(2))
            for part, service in ((challenge, vault), (rsa_keys, vault), (states, vault), (deletion, vault),
                                  (aes_keys, hsm), (rotation, hsm), (imports, hsm), (plain_imports, vault),
                                  (release, hsm)):
                try:
                    part(service)
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


def refused(kind, code, call, *arguments, **named):
    try:
        call(*arguments, **named)
    except HttpResponseError as error:
        inner = getattr(error.error, "innererror", None) or {}
        told = inner.get("code") or getattr(error.error, "code", None)
        check(f"{call.__name__}: {told}, not {code}", told == code)
        check(f"{call.__name__}: {type(error).__name__}, not {kind.__name__}", isinstance(error, kind))
    else:
        check(f"{call.__name__}: not refused", False)


class Service:
    """A stand-in behind TLS, and the clients that drive it."""

    def __init__(self, endpoint, folder):
        self.endpoint = endpoint
        self.ca = os.path.join(folder, "cert.pem")
        self.url = f"https://localhost:{tls_proxy(endpoint, folder)}"
        self.keys = self.client(Credential(endpoint))

    def client(self, credential, **named):
        named = {"verify_challenge_resource": False} | named
        return KeyClient(self.url, credential, connection_verify=self.ca, retry_total=0, api_version=ApiVersion.V7_4,
                         per_retry_policies=[Conforms()], **named)

    def crypto(self, key):
        client = CryptographyClient(key.id, Credential(self.endpoint), connection_verify=self.ca, retry_total=0,
                                    verify_challenge_resource=False, api_version=ApiVersion.V7_4,
                                    per_retry_policies=[Conforms()])
        # As where the key may be used and not read. Else the client wraps by itself: under the public half of an RSA key,
        # and, for an AES key whose bytes it is never given, under bytes that it makes up.
        client._initialized = True
        return client


class Credential:
    """An application with a secret, as azure-identity would ask for its token."""

    def __init__(self, endpoint, secret="canary-secret & more"):
        self.endpoint, self.secret = endpoint, secret

    def get_token(self, *scopes, **named):
        check("tenant of the challenge", named.get("tenant_id") == TENANT)
        form = {"grant_type": "client_credentials", "client_id": "app-1234", "client_secret": self.secret,
                "scope": scopes[0]}
        url = f"{self.endpoint}/{TENANT}/oauth2/v2.0/token"
        with urllib.request.urlopen(url, urllib.parse.urlencode(form).encode()) as reply:
            told = json.load(reply)
        return AccessToken(told["access_token"], int(datetime.datetime.now().timestamp()) + told["expires_in"])


class Conforms(SansIOHTTPPolicy):
    """Holds each reply against the model of its operation."""

    def on_response(self, request, response):
        reply = response.http_response
        if reply.status_code == 204 or not reply.content:
            return
        method, path = request.http_request.method, urllib.parse.urlparse(request.http_request.url).path
        name = model_of(method, path.rstrip("/").split("/")[1:]) if reply.status_code < 400 else "KeyVaultError"
        problems = list(violations(json.loads(reply.content), name, f"{method} {path}"))
        check("; ".join(problems) or path, not problems)


def model_of(method, parts):
    last = parts[-1]
    if parts == ["keys"] or last == "versions":
        return ["KeyItem"]
    if parts == ["deletedkeys"]:
        return ["DeletedKeyItem"]
    if last in ("wrapkey", "unwrapkey", "encrypt", "decrypt"):
        return "KeyOperationResult"
    if last in ("rotationpolicy", "release"):
        return {"rotationpolicy": "KeyRotationPolicy", "release": "KeyReleaseResult"}[last]
    is_deleted = method == "DELETE" or parts[0] == "deletedkeys" and last != "recover"
    return "DeletedKeyBundle" if is_deleted else "KeyBundle"


ENUMS = {"kty": "JsonWebKeyType", "key_ops": "JsonWebKeyOperation", "recoveryLevel": "DeletionRecoveryLevel"}
NESTED = {"key": "JsonWebKey", "attributes": "KeyAttributes", "release_policy": "KeyReleasePolicy",
          "error": "KeyVaultErrorError", "innererror": "KeyVaultErrorError", "trigger": "LifetimeActionsTrigger",
          "action": "LifetimeActionsType"}


def violations(value, name, path):
    """The names that a model has on the wire, and the types of what stands there."""
    if isinstance(name, list):
        if not isinstance(value.get("value"), list) or not set(value) <= {"value", "nextLink"}:
            yield f"{path}: no page"
        for item in value.get("value", []):
            yield from violations(item, name[0], path)
        return
    nested = NESTED | {"attributes": "KeyRotationPolicyAttributes"} if name == "KeyRotationPolicy" else NESTED
    fields = getattr(MODELS, name)({})._attr_to_rest_field  # made with the first instance
    known = {field._rest_name: field for field in fields.values()}
    for wire, member in value.items():
        where = f"{path} {name}.{wire}"
        if wire not in known:
            yield f"{where} is not in the model"
        elif wire in nested and isinstance(member, dict):
            yield from violations(member, nested[wire], path)
        elif wire in ENUMS:
            allowed = {entry.value for entry in getattr(MODELS, ENUMS[wire])}
            for one in member if isinstance(member, list) else [member]:
                if one not in allowed:
                    yield f"{where}: {one!r} is not one of {sorted(allowed)}"
        elif wire in ("n", "e", "key_hsm", "iv", "tag", "aad") and not is_base64url(member):
            yield f"{where}: no base64url without padding"
        elif wire in ("created", "updated", "nbf", "exp", "deletedDate", "scheduledPurgeDate"):
            if not isinstance(member, int):
                yield f"{where}: {type(member).__name__} is no time"


def is_base64url(text):
    return isinstance(text, str) and not set(text) & set("+/=") and base64.urlsafe_b64decode(text + "==") is not None


def challenge(vault):
    """The client, which verifies for whom a token is, and refuses as ours does."""
    try:
        list(vault.client(Credential(vault.endpoint), verify_challenge_resource=True).list_properties_of_keys())
        check("a token for another domain was asked for", False)
    except ValueError as error:
        check("resource", "does not match the requested domain" in str(error))
    stranger = vault.client(Stranger())
    refused(ClientAuthenticationError, "Unauthorized", lambda: list(stranger.list_properties_of_keys()))


class Stranger:
    def get_token(self, *scopes, **named):
        return AccessToken("not issued here", 2 ** 40)


def rsa_keys(vault):
    key = vault.keys.create_rsa_key("rsa", size=2048)
    check("kid", key.id.startswith(f"{vault.url}/keys/rsa/"))
    public = rsa.RSAPublicNumbers(int.from_bytes(key.key.e, "big"), int.from_bytes(key.key.n, "big")).public_key()
    sealed = public.encrypt(b"w" * 32, OAEP)
    crypto = vault.crypto(key)
    check("unwrapped by the vault", crypto.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, sealed).key == b"w" * 32)
    altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    refused(HttpResponseError, "BadParameter", crypto.unwrap_key, KeyWrapAlgorithm.rsa_oaep_256, altered)
    other = vault.keys.create_rsa_key("rsa")
    check("another version", other.properties.version != key.properties.version)
    versions = {item.version for item in vault.keys.list_properties_of_key_versions("rsa")}
    check("versions", versions == {key.properties.version, other.properties.version})
    check("latest", vault.keys.get_key("rsa").properties.version == other.properties.version)
    refused(ResourceNotFoundError, "KeyNotFound", vault.keys.get_key, "absent")
    refused(HttpResponseError, "BadParameter", vault.keys.create_key, "oct", "oct-HSM", size=256)
    for n in range(30):
        vault.keys.create_rsa_key(f"many-{n}", size=2048)
    names = {item.name for item in vault.keys.list_properties_of_keys()}
    check("pages", len(names & {f"many-{n}" for n in range(30)}) == 30)


def states(vault):
    key = vault.keys.create_rsa_key("states", size=2048)
    crypto = vault.crypto(key)
    sealed = crypto.wrap_key(KeyWrapAlgorithm.rsa_oaep_256, b"w" * 32).encrypted_key
    updated = vault.keys.update_key_properties("states", key.properties.version, enabled=False, tags={"a": "b"})
    check("disabled", updated.properties.enabled is False and updated.properties.tags == {"a": "b"})
    refused(HttpResponseError, "KeyDisabled", crypto.unwrap_key, KeyWrapAlgorithm.rsa_oaep_256, sealed)
    vault.keys.update_key_properties("states", enabled=True, version=key.properties.version)
    check("enabled", crypto.unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, sealed).key == b"w" * 32)
    narrow = vault.keys.create_rsa_key("narrow", size=2048, key_operations=["wrapKey"])
    refused(HttpResponseError, "KeyOperationForbidden", vault.crypto(narrow).unwrap_key,
            KeyWrapAlgorithm.rsa_oaep_256, sealed)


def deletion(vault):
    vault.keys.create_rsa_key("deleted", size=2048)
    deleted = vault.keys.begin_delete_key("deleted").result()
    check("dates", deleted.scheduled_purge_date > deleted.deleted_date)
    refused(ResourceNotFoundError, "KeyNotFound", vault.keys.get_key, "deleted")
    refused(ResourceExistsError, "ObjectIsDeletedButRecoverable", vault.keys.create_rsa_key, "deleted")
    check("listed", [key.name for key in vault.keys.list_deleted_keys()] == ["deleted"])
    vault.keys.begin_recover_deleted_key("deleted").wait()
    check("recovered", vault.keys.get_key("deleted").name == "deleted")
    vault.keys.begin_delete_key("deleted").wait()
    vault.keys.purge_deleted_key("deleted")
    refused(ResourceNotFoundError, "KeyNotFound", vault.keys.get_deleted_key, "deleted")


def aes_keys(hsm):
    key = hsm.keys.create_oct_key("gcm", size=256, hardware_protected=True)
    crypto = hsm.crypto(key)
    sealed = crypto.encrypt(EncryptionAlgorithm.a256_gcm, b"w" * 32, additional_authenticated_data=b"bound")
    check("iv and tag", len(sealed.iv) == 12 and len(sealed.tag) == 16 and len(sealed.ciphertext) == 32)
    parts = dict(iv=sealed.iv, authentication_tag=sealed.tag)
    opened = crypto.decrypt(EncryptionAlgorithm.a256_gcm, sealed.ciphertext, additional_authenticated_data=b"bound",
                            **parts)
    check("decrypted", opened.plaintext == b"w" * 32)
    refused(HttpResponseError, "BadParameter", crypto.decrypt, EncryptionAlgorithm.a256_gcm, sealed.ciphertext,
            additional_authenticated_data=b"other", **parts)
    wrapped = crypto.wrap_key(KeyWrapAlgorithm.aes_256, b"w" * 32).encrypted_key
    check("wrapped", len(wrapped) == 40 and crypto.unwrap_key(KeyWrapAlgorithm.aes_256, wrapped).key == b"w" * 32)
    refused(HttpResponseError, "BadParameter", crypto.unwrap_key, KeyWrapAlgorithm.aes_256, bytes(40))
    hsm.keys.update_key_properties("gcm", key.properties.version, enabled=False)
    refused(HttpResponseError, "KeyDisabled", crypto.wrap_key, KeyWrapAlgorithm.aes_256, b"w" * 32)
    refused(HttpResponseError, "BadParameter", hsm.keys.create_rsa_key, "soft", hardware_protected=False)


def rotation(hsm):
    key = hsm.keys.create_oct_key("rotating", size=256, hardware_protected=True)
    wrapped = hsm.crypto(key).wrap_key(KeyWrapAlgorithm.aes_256, b"w" * 32).encrypted_key
    rotated = hsm.keys.rotate_key("rotating")
    check("version", rotated.properties.version != key.properties.version)
    check("old opens", hsm.crypto(key).unwrap_key(KeyWrapAlgorithm.aes_256, wrapped).key == b"w" * 32)
    refused(HttpResponseError, "BadParameter", hsm.crypto(rotated).unwrap_key, KeyWrapAlgorithm.aes_256, wrapped)
    action = KeyRotationLifetimeAction(KeyRotationPolicyAction.rotate, time_after_create="P90D")
    policy = hsm.keys.update_key_rotation_policy("rotating", KeyRotationPolicy(), lifetime_actions=[action])
    check("policy", policy.lifetime_actions[0].time_after_create == "P90D")
    policy = hsm.keys.get_key_rotation_policy("rotating")
    check("policy read", policy.lifetime_actions[0].action == KeyRotationPolicyAction.rotate)


def imports(hsm):
    """A transfer blob made by another library."""
    exchange = hsm.keys.create_rsa_key("exchange", size=2048, hardware_protected=True, key_operations=["import"])
    n, e = (int.from_bytes(part, "big") for part in (exchange.key.n, exchange.key.e))
    public, once, material = rsa.RSAPublicNumbers(e, n).public_key(), os.urandom(32), os.urandom(32)
    outer = public.encrypt(once, padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None))
    ciphertext = outer + keywrap.aes_key_wrap_with_padding(once, material)
    blob = {"schema_version": "1.0.0", "header": {"kid": exchange.id, "alg": "dir", "enc": "CKM_RSA_AES_KEY_WRAP"},
            "ciphertext": base64.urlsafe_b64encode(ciphertext).decode().rstrip("="), "generator": "judge"}
    jwk = JsonWebKey(kty="oct-HSM", key_ops=["wrapKey", "unwrapKey"], t=json.dumps(blob).encode())
    key = hsm.keys.import_key("brought", jwk, hardware_protected=True)
    wrapped = keywrap.aes_key_wrap(material, b"w" * 32)
    check("it is that key", hsm.crypto(key).unwrap_key(KeyWrapAlgorithm.aes_256, wrapped).key == b"w" * 32)
    wide = hsm.keys.create_rsa_key("wide", size=2048, hardware_protected=True)
    blob["header"]["kid"] = wide.id
    jwk = JsonWebKey(kty="oct-HSM", key_ops=["wrapKey", "unwrapKey"], t=json.dumps(blob).encode())
    refused(HttpResponseError, "KeyOperationForbidden", hsm.keys.import_key, "other", jwk, hardware_protected=True)


def plain_imports(vault):
    pair = rsa.generate_private_key(65537, 2048)
    numbers = pair.private_numbers()
    number = lambda value: value.to_bytes((value.bit_length() + 7) // 8, "big")
    jwk = JsonWebKey(
        kty="RSA", key_ops=["wrapKey", "unwrapKey"], n=number(numbers.public_numbers.n), e=b"\1\0\1",
        d=number(numbers.d), p=number(numbers.p), q=number(numbers.q), dp=number(numbers.dmp1),
        dq=number(numbers.dmq1), qi=number(numbers.iqmp))
    key = vault.keys.import_key("plain", jwk)
    sealed = pair.public_key().encrypt(b"w" * 32, OAEP)
    check("it is that key", vault.crypto(key).unwrap_key(KeyWrapAlgorithm.rsa_oaep_256, sealed).key == b"w" * 32)


def release(hsm):
    condition = {"claim": "x-ms-isolation-tee.x-ms-compliance-status", "equals": "azure-compliant-cvm"}
    policy = {"version": "1.0.0", "anyOf": [{"authority": "https://acme.attest.azure.net", "allOf": [condition]}]}
    key = hsm.keys.create_oct_key("released", size=256, hardware_protected=True, exportable=True,
                                  key_operations=["wrapKey", "unwrapKey"],
                                  release_policy=KeyReleasePolicy(json.dumps(policy).encode()))
    check("exportable", key.properties.exportable and key.properties.release_policy is not None)
    pair = rsa.generate_private_key(65537, 2048)
    text = lambda value: base64.urlsafe_b64encode(value).decode().rstrip("=")
    public = {"kid": "TpmEphemeralEncryptionKey", "kty": "RSA", "e": "AQAB",
              "n": text(pair.public_key().public_numbers().n.to_bytes(256, "big"))}
    token = lambda status: "e30." + text(json.dumps({
        "iss": "https://acme.attest.azure.net", "x-ms-isolation-tee": {"x-ms-compliance-status": status},
        "x-ms-runtime": {"keys": [public]}}).encode()) + ".x"
    refused(HttpResponseError, "TargetNotAllowed", hsm.keys.release_key, "released", token("unknown"))
    wrapped = keywrap.aes_key_wrap
    for algorithm, digest in (("RSA_AES_KEY_WRAP_256", hashes.SHA256), ("CKM_RSA_AES_KEY_WRAP", hashes.SHA1)):
        released = hsm.keys.release_key("released", token("azure-compliant-cvm"), algorithm=algorithm, nonce="n")
        header, payload, _ = released.value.split(".")
        stated = json.loads(base64.urlsafe_b64decode(payload + "=="))
        check("nonce", stated["request"]["nonce"] == "n")
        web = stated["response"]["key"]["key"]
        blob = json.loads(base64.urlsafe_b64decode(web["key_hsm"] + "=="))
        ciphertext = base64.urlsafe_b64decode(blob["ciphertext"] + "==")
        once = pair.decrypt(ciphertext[:256], padding.OAEP(padding.MGF1(digest()), digest(), None))
        material = keywrap.aes_key_unwrap_with_padding(once, ciphertext[256:])
        sealed = wrapped(material, b"w" * 32)
        check(f"{algorithm}: it is that key",
              hsm.crypto(key).unwrap_key(KeyWrapAlgorithm.aes_256, sealed).key == b"w" * 32)
    kept = hsm.keys.create_oct_key("kept", size=256, hardware_protected=True)
    refused(HttpResponseError, "KeyNotExportable", hsm.keys.release_key, kept.name, token("azure-compliant-cvm"))


OAEP = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)


def certificate(folder):
    key = rsa.generate_private_key(65537, 2048)
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.datetime.now(datetime.UTC)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
            .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
    with open(os.path.join(folder, "cert.pem"), "wb") as file:
        file.write(made.public_bytes(serialization.Encoding.PEM))
    with open(os.path.join(folder, "key.pem"), "wb") as file:
        file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                     serialization.NoEncryption()))


def tls_proxy(endpoint, folder):
    """Ends TLS before `endpoint`, on this machine's loopback; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem"))
    target = urllib.parse.urlparse(endpoint)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            raw, _ = listener.accept()
            threading.Thread(target=joined, args=(raw,), daemon=True).start()

    def joined(raw):
        try:
            secure = context.wrap_socket(raw, server_side=True)
        except (ssl.SSLError, OSError):
            return
        behind = socket.create_connection((target.hostname, target.port))
        threading.Thread(target=pipe, args=(secure, behind), daemon=True).start()
        pipe(behind, secure)

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def pipe(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
