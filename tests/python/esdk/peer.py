#!/usr/bin/env python3
"""AWS's own SDK in Python as a peer of kms_core::esdk: peer.py open|seal FOLDER

FOLDER/cases.tsv has a line a case: name, suite, frame length, kind of key, context as `name=value,…`. `seal` writes
NAME.message from NAME.plain; `open` compares NAME.plain with what NAME.message holds. The keys stand in FOLDER:
aes-128, aes-256 (raw bytes) and rsa.pem (PKCS#8). Ends with a line that counts.
"""
import sys
from pathlib import Path

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import Algorithm, CommitmentPolicy, EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider

WRAPPING = {
    "aes-128": (WrappingAlgorithm.AES_128_GCM_IV12_TAG16_NO_PADDING, EncryptionKeyType.SYMMETRIC, "aes-128"),
    "aes-256": (WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING, EncryptionKeyType.SYMMETRIC, "aes-256"),
    "rsa": (WrappingAlgorithm.RSA_OAEP_SHA256_MGF1, EncryptionKeyType.PRIVATE, "rsa.pem"),
}


class Keys(RawMasterKeyProvider):
    provider_id = "peer"
    folder = None  # Set after it is made: its constructor takes no arguments.

    def _get_raw_key(self, key_id):
        algorithm, kind, file = WRAPPING[key_id.decode() if isinstance(key_id, bytes) else key_id]
        return WrappingKey(algorithm, (self.folder / file).read_bytes(), kind)


def main(action, folder):
    client = aws_encryption_sdk.EncryptionSDKClient(
        commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
    passed = failed = 0
    for line in (folder / "cases.tsv").read_text("utf-8").splitlines():
        name, suite, frame, key, context = line.split("\t")
        provider = Keys()
        provider.folder = folder
        provider.add_master_key(key)
        context = dict(pair.split("=") for pair in context.split(",") if pair)
        plain, message = folder / f"{name}.plain", folder / f"{name}.message"
        try:
            if action == "seal":
                sealed, _ = client.encrypt(
                    source=plain.read_bytes(), key_provider=provider, encryption_context=context,
                    algorithm=Algorithm.get_by_id(int(suite, 16)), frame_length=int(frame))
                message.write_bytes(sealed)
            else:
                opened, header = client.decrypt(source=message.read_bytes(), key_provider=provider)
                assert opened == plain.read_bytes(), "another plaintext"
                assert context.items() <= header.encryption_context.items(), "another context"
            passed += 1
        except Exception as error:  # Whatever it is, the case has failed, and the others go on.
            failed += 1
            print(f"FAILED {name}: {type(error).__name__}: {error}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
