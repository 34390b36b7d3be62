#!/usr/bin/env python3
"""Puts what the fuzz targets start from into FOLDER/TARGET: fuzz_seeds.py FOLDER. What is there stays."""
import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests/golden/ks1"

# One of each scheme; the golden files' own are added.
KEY_URIS = """\
local://payments
local://payments/3
memory://golden/12
aws-kms://arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
aws-kms://arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab
gcp-kms://projects/p-1/locations/europe-west1/keyRings/r/cryptoKeys/k
gcp-kms://projects/p-1/locations/global/keyRings/r/cryptoKeys/k/cryptoKeyVersions/7
azure-kv://vault.vault.azure.net/keys/name
azure-kv://hsm.managedhsm.azure.net/keys/name/0123456789abcdef0123456789abcdef
pkcs11:token=golden;object=kwp
pkcs11:id=%01%02;object=a%20b;type=secret-key
kmip://hsm.example:5696/7f
kmip://[2001:db8::1]:5697/uid
hpke:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
passphrase:
passphrase:golden
keyfile:backup
"""


def main(folder):
    cases = [(manifest.parent, case) for manifest in sorted(GOLDEN.glob("*/manifest.json"))
             for case in json.loads(manifest.read_text())["cases"]]
    for target, seeds in {
        "header_decode": headers(cases),
        "header_roundtrip": headers(cases),
        "envelope_open": envelopes(cases),
        "key_uri": key_uris(cases),
        "recognise": files(cases),
        "record_open": records(cases),
        "record_batch": batches(),
        "fpe_template": templates(),
    }.items():
        place = Path(folder) / target
        for seed in seeds:
            keep(place, seed)
    for seed in (ROOT / "fuzz/seeds").glob("*/*"):
        if seed.parent.name == "files":
            continue  # they are seeds with their names, above
        keep(Path(folder) / seed.parent.name, seed.read_bytes())


def keep(place, seed):
    place.mkdir(parents=True, exist_ok=True)
    (place / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)


def templates():
    """The oracle's templates, each with its value and its token."""
    for case in json.loads((ROOT / "tests/golden/fpe.json").read_text())["cases"]:
        if case["method"] == "ff1":
            yield "\n".join((case["template"], case["value"], case["token"])).encode()


def headers(cases):
    for folder, case in cases:
        yield (folder / case["file"]).read_bytes()[: case["header_length"]]


def envelopes(cases):
    """Attached, with at most two chunks: mutation of long payloads finds nothing that short ones do not."""
    for folder, case in cases:
        if case["layout"] != "ticket" and not any(kek.get("passphrase") for kek in case["keks"][:1]):
            parts = [case["file"], case.get("payload_file")]
            envelope = b"".join((folder / part).read_bytes() for part in parts if part)
            if len(envelope) < 20_000:
                yield envelope


def files(cases):
    """name length(1) name content: one of each format, small"""
    parquet = [path for path in (ROOT / "kms-scan/tests/data").glob("*.parquet")]
    kept = [path for path in sorted((ROOT / "fuzz/seeds/files").glob("*"))]
    headers = [folder / case["file"] for folder, case in cases[:12]]
    for path in [*parquet, *kept, *headers]:
        name = path.name[-31:].encode()
        yield bytes([len(name)]) + name + path.read_bytes()[:20_000]


def key_uris(cases):
    yield from (uri.encode() for uri in KEY_URIS.splitlines())
    yield from (kek["kid"].encode() for _, case in cases for kek in case["keks"])


def records(cases):
    """mode(1) column length(1) row length(1) column row record"""
    for _, case in cases:
        mode = ["none", "column", "row"].index(case["labels"].get("ks1-mode", "none"))
        for record in case.get("records", []):
            column = (record["column"] or "").encode() if mode >= 1 else b""
            row = (record["row"] or "").encode() if mode == 2 else b""
            if max(len(column), len(row)) < 256:
                yield bytes([mode, len(column), len(row)]) + column + row + bytes.fromhex(record["record_hex"])


def batches():
    """number of offsets(1) first bit(1) bitmap length(1) offsets(4 each) bitmap bytes"""
    for offsets, first_bit, bitmap in [([0], 0, b""), ([0, 2, 2, 5], 0, b"\x05"), ([1, 4, 9, 9, 10], 3, b"\xa8")]:
        bounds = b"".join(offset.to_bytes(4, "little") for offset in offsets)
        yield bytes([len(offsets), first_bit, len(bitmap)]) + bounds + bitmap + bytes(range(10))


if __name__ == "__main__":
    main(*sys.argv[1:])
