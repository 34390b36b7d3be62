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
        "kmip_decode": kmip_messages() + kmip_texts(),
        "kmip_roundtrip": kmip_messages(),
        "recognise": files(cases),
        "record_open": records(cases),
        "record_batch": batches(),
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


def kmip_messages():
    """Create, Get with a key in its answer, and a failure; in TTLV of 1.2 and 2.1."""
    def item(tag, kind, value):
        return bytes.fromhex(f"42{tag:04x}{kind:02x}") + len(value).to_bytes(4, "big") + value + bytes(-len(value) % 8)

    structure = lambda tag, *items: item(tag, 1, b"".join(items))
    integer = lambda tag, number: item(tag, 2, number.to_bytes(4, "big"))
    enumeration = lambda tag, number: item(tag, 5, number.to_bytes(4, "big"))
    text = lambda tag, value: item(tag, 7, value.encode())
    version = lambda major, minor: structure(0x69, integer(0x6A, major), integer(0x6B, minor))
    attribute = lambda name, value: structure(0x08, text(0x0A, name), value)
    request = lambda at, *items: structure(0x78, structure(0x77, version(*at), integer(0x0D, 1)), structure(0x0F, *items))
    response = lambda at, *items: structure(
        0x7B, structure(0x7A, version(*at), item(0x92, 9, bytes(8)), integer(0x0D, 1)), structure(0x0F, *items))
    template = structure(0x91, attribute("Cryptographic Algorithm", enumeration(0x0B, 3)),
                         attribute("x-ID", text(0x0B, "7")), attribute("Name", structure(0x0B, text(0x55, "k"), enumeration(0x54, 1))))
    attributes = structure(0x125, enumeration(0x28, 3), integer(0x2C, 12), structure(0x08, text(0x9D, "x"), text(0x0A, "ID"), text(0x0B, "7")))
    key = structure(0x8F, structure(0x40, enumeration(0x42, 1), structure(0x45, item(0x43, 8, bytes(16))), enumeration(0x28, 3), integer(0x2A, 128)))
    return [
        request((1, 2), enumeration(0x5C, 1), structure(0x79, enumeration(0x57, 2), template)),
        request((2, 1), enumeration(0x5C, 1), structure(0x79, enumeration(0x57, 2), attributes)),
        request((1, 4), enumeration(0x5C, 0x8000_0001), structure(0x79, item(0xC2, 8, b"x"))),
        response((1, 2), enumeration(0x5C, 10), enumeration(0x7F, 0), structure(0x7C, enumeration(0x57, 2), text(0x94, "1"), key)),
        response((2, 1), enumeration(0x5C, 10), enumeration(0x7F, 1), enumeration(0x7E, 0x37), text(0x7D, "none")),
    ]


def kmip_texts():
    return [
        b'<RequestMessage><RequestHeader><ProtocolVersion><ProtocolVersionMajor type="Integer" value="1"/>'
        b'<ProtocolVersionMinor type="Integer" value="4"/></ProtocolVersion><BatchCount type="Integer" value="1"/></RequestHeader>'
        b'<BatchItem><Operation type="Enumeration" value="Locate"/><RequestPayload><Attribute>'
        b'<AttributeName type="TextString" value="Cryptographic Usage Mask"/><AttributeValue type="Integer" value="Encrypt 0x8"/>'
        b'</Attribute></RequestPayload></BatchItem></RequestMessage>',
        b'{"tag":"RequestMessage","value":[{"tag":"RequestHeader","value":[{"tag":"ProtocolVersion","value":['
        b'{"tag":"ProtocolVersionMajor","type":"Integer","value":2},{"tag":"ProtocolVersionMinor","type":"Integer","value":"0x00000001"}]},'
        b'{"tag":"BatchCount","type":"Integer","value":1}]},{"tag":"BatchItem","value":[{"tag":"Operation","type":"Enumeration",'
        b'"value":"Ping"},{"tag":"RequestPayload","value":null}]}]}',
    ]


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
