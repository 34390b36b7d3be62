#!/usr/bin/env python3
"""AWS's own SDK in Python over a KMS: kms_peer.py open|seal FOLDER ENDPOINT REGION

FOLDER/cases.tsv has a line a case: name, suite, frame length, how the key is named to the SDK, ARN, context as
`name=value,…`. `provider` is the SDK's own master key provider for AWS KMS, `keyring` and `mrk-keyring` are those of
AWS's material providers. `seal` writes NAME.message from NAME.plain; `open` compares NAME.plain with what NAME.message
holds. Ends with a line that counts.
"""
import os
import sys
from pathlib import Path

import aws_encryption_sdk
import boto3
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import CreateAwsKmsKeyringInput, CreateAwsKmsMrkKeyringInput
from aws_encryption_sdk.identifiers import Algorithm, CommitmentPolicy
from botocore.session import Session


def materials(kind, arn, kms, session):
    if kind == "provider":
        return {"key_provider": aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(
            key_ids=[arn], botocore_session=session)}
    library = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())
    if kind == "keyring":
        made = library.create_aws_kms_keyring(input=CreateAwsKmsKeyringInput(kms_key_id=arn, kms_client=kms))
    else:
        made = library.create_aws_kms_mrk_keyring(input=CreateAwsKmsMrkKeyringInput(kms_key_id=arn, kms_client=kms))
    return {"keyring": made}


def main(action, folder, endpoint, region):
    client = aws_encryption_sdk.EncryptionSDKClient(
        commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
    # The provider makes clients of its own.
    os.environ["AWS_ENDPOINT_URL_KMS"] = endpoint
    secrets = {"aws_access_key_id": "AKIDTEST", "aws_secret_access_key": "secret"}
    kms = boto3.client("kms", region_name=region, endpoint_url=endpoint, **secrets)
    session = Session()
    session.set_credentials("AKIDTEST", "secret")
    passed = failed = 0
    for line in (folder / "cases.tsv").read_text("utf-8").splitlines():
        name, suite, frame, kind, arn, context = line.split("\t")
        context = dict(pair.split("=") for pair in context.split(",") if pair)
        plain, message = folder / f"{name}.plain", folder / f"{name}.message"
        try:
            keys = materials(kind, arn, kms, session)
            if action == "seal":
                sealed, _ = client.encrypt(
                    source=plain.read_bytes(), encryption_context=context,
                    algorithm=Algorithm.get_by_id(int(suite, 16)), frame_length=int(frame), **keys)
                message.write_bytes(sealed)
            else:
                opened, header = client.decrypt(source=message.read_bytes(), **keys)
                assert opened == plain.read_bytes(), "another plaintext"
                assert context.items() <= header.encryption_context.items(), "another context"
            passed += 1
        except Exception as error:  # Whatever it is, the case has failed, and the others go on.
            failed += 1
            print(f"FAILED {name}: {type(error).__name__}: {error}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:]))
