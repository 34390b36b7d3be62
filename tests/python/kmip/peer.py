#!/usr/bin/env python3
"""PyKMIP as the other side, in one process and without TLS.

peer.py serve          answers the KMIP requests on standard input on standard output, by PyKMIP's own engine
peer.py record FOLDER  PyKMIP's client works with PyKMIP's engine in each version; every message goes into a file, and the
                       last line counts them
"""
import logging
import sys
import tempfile
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

from kmip.core import enums, policy
from kmip.core.messages import messages
from kmip.core.utils import BytearrayStream
from kmip.pie import client, objects
from kmip.services.server.engine import KmipEngine

VERSIONS = ["1.0", "1.1", "1.2", "1.3", "1.4", "2.0"]
ENCRYPT = [enums.CryptographicUsageMask.ENCRYPT, enums.CryptographicUsageMask.DECRYPT]
CBC = {
    "cryptographic_algorithm": enums.CryptographicAlgorithm.AES,
    "block_cipher_mode": enums.BlockCipherMode.CBC,
    "padding_method": enums.PaddingMethod.PKCS5,
}


class Peer:
    """Answers bytes by bytes."""

    def __init__(self, folder):
        self.engine = KmipEngine(policies=policy.policies, database_path=f"{folder}/objects.db")

    def answer(self, request_bytes):
        request = messages.RequestMessage()
        request.read(BytearrayStream(request_bytes))
        version = version_of(request.request_header.protocol_version)
        try:
            response, _, _ = self.engine.process_request(request, ("someone", None))
        except Exception as error:
            reason = getattr(error, "reason", enums.ResultReason.GENERAL_FAILURE)
            response = self.engine.build_error_response(request.request_header.protocol_version, reason, str(error))
        stream = BytearrayStream()
        response.write(stream, version)
        return stream.buffer


def version_of(version):
    return getattr(enums.KMIPVersion, f"KMIP_{version.major}_{version.minor}")


def scratch():
    """A folder in memory where there is one: every operation of the engine waits for its disk."""
    return tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)


def serve():
    with scratch() as folder:
        peer = Peer(folder)
        while header := sys.stdin.buffer.read(8):
            body = sys.stdin.buffer.read(int.from_bytes(header[4:], "big"))
            sys.stdout.buffer.write(peer.answer(header + body))
            sys.stdout.buffer.flush()


def record(target):
    count = 0
    for version in VERSIONS:
        with scratch() as folder:
            count += Recorder(Peer(folder), version, Path(target)).work()
    print(f"{count} messages recorded")


class Recorder:
    """PyKMIP's client with a wire that ends in this process."""

    def __init__(self, peer, version, target):
        self.peer, self.version, self.target, self.count = peer, version, target, 0
        self.client = client.ProxyKmipClient(kmip_version=getattr(enums.KMIPVersion, f"KMIP_{version.replace('.', '_')}"))
        self.client._is_open = True
        self.client.proxy.protocol = self
        self.inbox = b""

    def write(self, request):
        self.keep("request", request)
        self.inbox = self.peer.answer(bytes(request))
        self.keep("response", self.inbox)

    def read(self):
        return BytearrayStream(self.inbox)

    def keep(self, kind, content):
        (self.target / f"{self.version}-{self.count:03}.{kind}").write_bytes(content)
        self.count += kind == "response"

    def work(self):
        kmip = self.client
        key = kmip.create(enums.CryptographicAlgorithm.AES, 256, name="k", cryptographic_usage_mask=ENCRYPT)
        masks = {"public_usage_mask": [enums.CryptographicUsageMask.VERIFY], "private_usage_mask": [enums.CryptographicUsageMask.SIGN]}
        public, private = kmip.create_key_pair(enums.CryptographicAlgorithm.RSA, 2048, **masks)
        kmip.register(objects.SymmetricKey(enums.CryptographicAlgorithm.AES, 128, bytes(range(16)), ENCRYPT))
        kmip.register(objects.SecretData(b"secret", enums.SecretDataType.PASSWORD))
        kmip.register(objects.OpaqueObject(b"opaque", enums.OpaqueDataType.NONE))
        kmip.locate()
        kmip.get_attribute_list(key)
        kmip.get_attributes(key)
        kmip.get_attributes(key, ["Name", "State"])
        for uid in (key, public, private):
            kmip.get(uid)
            kmip.activate(uid)
        if self.version not in ("1.0", "1.1"):
            ciphertext, _ = kmip.encrypt(b"plaintext", key, CBC, b"0" * 16)
            assert kmip.decrypt(ciphertext, key, CBC, b"0" * 16) == b"plaintext"
            pss = {"cryptographic_algorithm": enums.CryptographicAlgorithm.RSA, "padding_method": enums.PaddingMethod.PSS,
                   "hashing_algorithm": enums.HashingAlgorithm.SHA_256}
            kmip.signature_verify(b"message", kmip.sign(b"message", private, pss), public, pss)
        self.refused(kmip.get, "no such object")
        kmip.revoke(enums.RevocationReasonCode.KEY_COMPROMISE, key, "lost", 0)
        kmip.destroy(key)
        return 2 * self.count

    @staticmethod
    def refused(call, *arguments):
        try:
            call(*arguments)
        except Exception:
            return
        raise AssertionError("PyKMIP should have refused this")


if __name__ == "__main__":
    {"serve": serve, "record": record}[sys.argv[1]](*sys.argv[2:])
