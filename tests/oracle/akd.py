# SPDX-License-Identifier: MIT OR Apache-2.0
"""Attribute key derivation: a second implementation of docs/akd.md, and the vectors that its page prints.

  akd.py            prints the vector block of the page
"""
import hashlib
import hmac
import json
from base64 import b64decode
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kem import KEMS, XWING
from ks1 import dec, enc, open_envelope, parse_header

PAGE = Path(__file__).resolve().parents[2] / "docs" / "akd.md"
GOLDEN = PAGE.parents[1] / "tests" / "golden" / "grants"
TEXT, NUMBER, PATH, EPOCH, RANGE = 1, 2, 3, 4, 5
AEAD, SIV, FF1, BEACON, WRAP, XWING_SEED = range(1, 7)


# ---------------------------------------------------------------- derivation

def kdf(key, label, ctx):
    """SP 800-108r1 counter mode, one block of HMAC-SHA-512, L = 256."""
    message = b"\0\0\0\1keystrand/AKD/1/" + label + b"\0" + enc(ctx) + b"\0\0\1\0"
    return hmac.digest(key, message, "sha512")[:32]


def edges_of(dimensions, values):
    """Each step of a path: the dimension's name and what is chosen there."""
    for (name, kind, *bits), value in zip(dimensions, values):
        if kind in (TEXT, NUMBER):
            yield name, value
        elif kind == PATH:
            yield from ((name, component) for component in value)
        else:
            length, number = value
            yield from ((name, number >> length - 1 - place & 1) for place in range(length))


def node(root, tree, usage, edges):
    key = kdf(root, b"usage", [tree, usage])
    for depth, (name, value) in enumerate(edges):
        key = kdf(key, b"node", [tree, usage, depth, name, value])
    return key


def leaf(key, tree, usage, depth):
    return kdf(key, b"leaf", [tree, usage, depth])


def schema_encoding(tree, dimensions):
    return enc({1: tree, 2: [list(dimension) for dimension in dimensions]})


def schema_id(encoding):
    return hashlib.sha512(b"keystrand/AKD/1/schema\0" + encoding).digest()[:32]


def cover(width, low, high, length=0, prefix=0):
    """The prefixes that stand for low..high, found from the top: another way than the crate's. Never the empty prefix."""
    first, last = prefix << width - length, (prefix + 1 << width - length) - 1
    if last < low or first > high:
        return []
    if length and low <= first and last <= high:
        return [[length, prefix]]
    halves = (cover(width, low, high, length + 1, prefix << 1 | bit) for bit in (0, 1))
    return [piece for half in halves for piece in half]


def grant_content(root, tree, dimensions, paths, usages, terms):
    """`terms`: epochs, not_after, issuer, id, grantee, issued."""
    nodes = sorted(((usage, path) for usage in usages for path in paths), key=lambda n: enc(n[0]) + enc(n[1]))
    keys = [[usage, path, node(root, tree, usage, edges_of(dimensions, path))] for usage, path in nodes]
    epochs, not_after, issuer, identity, grantee, issued = terms
    return enc({1: tree, 2: keys, 3: list(epochs), 4: not_after, 5: issuer,
                6: [list(dimension) for dimension in dimensions], 7: identity, 8: grantee, 9: issued})


# ---------------------------------------------------------------- vectors

ROOT, TREE = bytes(range(32)), bytes(range(0xA0, 0xB0))
DIMENSIONS = [("dataset", TEXT), ("epoch", EPOCH), ("column", TEXT), ("class", PATH), ("shard", NUMBER),
              ("customer", RANGE, 20)]
VALUES = ["orders", [16, 3], "email", ["eu", "größe"], 300, [5, 19]]
TERMS = ((3, 5), 1798761600, "keys.example/issuer/1", bytes(range(0x10, 0x20)), "analysts", 1766620800)


def page_vectors():
    edges = [list(edges_of(DIMENSIONS, VALUES[:n])) for n in range(len(VALUES) + 1)]
    out = {"schema": schema_encoding(TREE, DIMENSIONS)}
    out["schema id"] = schema_id(out["schema"])
    out["edge 0"] = enc([TREE, AEAD, 0, *edges[1][0]])
    for usage, name, depths in [(AEAD, "aead", range(7)), (FF1, "ff1", (0, 2, 3)), (SIV, "siv", (3,)),
                                (BEACON, "beacon", (3,)), (WRAP, "wrap", (6,)), (XWING_SEED, "xwing-seed", (2,))]:
        for n in depths:
            key = node(ROOT, TREE, usage, edges[n])
            out[f"{name} {n}"] = key
            out[f"{name} {n} leaf"] = leaf(key, TREE, usage, len(edges[n]))
    xwing, seed = KEMS[XWING], out["xwing-seed 2 leaf"]
    public = xwing.public(seed)
    ciphertext, secret = xwing.encapsulate(public, bytes(range(64)))
    out["xwing public SHA-512"] = hashlib.sha512(public).digest()
    out["xwing enc SHA-512"] = hashlib.sha512(ciphertext).digest()
    out["xwing secret"] = secret
    assert xwing.decapsulate(seed, ciphertext) == secret
    out["cover 3..17"] = enc(cover(16, 3, 17))
    paths = [["orders", piece] for piece in cover(16, 3, 5)]
    out["grant"] = grant_content(ROOT, TREE, DIMENSIONS, paths, [AEAD, FF1], TERMS)
    return out


def printed_vectors():
    block, out, name = PAGE.read_text().split("```vectors\n")[1].split("```")[0], {}, None
    for line in block.splitlines():
        if not line.startswith(" "):
            name, line = line.split(" = ")
        out[name] = out.get(name, "") + line.strip()
    return out


def verify_akd_vectors(t):
    """First the construction as it was decided, then every line of the page, then what the page promises."""
    computed, printed = page_vectors(), printed_vectors()
    for name, want in [
            ("aead 0", "1c8b1f3082c9e792a0c5aaeb727b6e544ccf1eaaee7aa0d7cb62ef78b20ffc06"),
            ("aead 1", "04f22d26efb3389c521198a048f88f0aa2ef1f3b74ab29ab3e5ebe5c0cd467b8"),
            ("aead 2", "fb61ba24b37ce2eb8dfe0e4057b746ee2540dcf121c7fda164ffa0b1b991d253"),
            ("aead 3", "f4f21f3dbe9c612e477ad6ed6afb15a527a940bdbd451021d12c08dd42f9c0d0"),
            ("aead 3 leaf", "bdddb8aee37364b2c1a79e37287c62eb4c476b91504a7a2e9b4f197fd985f380"),
            ("ff1 0", "423cd89771b9bf64734fe6a3934991c0a14d82e2bb503126e07c0f8394388443"),
            ("ff1 2", "8da7516d0bdadbf41f7a235eaf1319fc021e532f5a709e3801aff63318fc5423"),
            ("ff1 3 leaf", "22f350fb7c3f97cbdda17fa4aff3aaaadab2e5bde9263e777eb9dc8974776991"),
            ("xwing-seed 2 leaf", "6636232a09362b7338055e3fd41ed83ced83f17a2c4fd355e7efa139624ea276")]:
        t.equal(f"AKD {name}", computed[name], want)
    t.equal("AKD edge 0", computed["edge 0"], "8550" + TREE.hex() + "01006764617461736574666f7264657273")
    t.ok("AKD: the page prints the same names", computed.keys() == printed.keys())
    for name, value in computed.items():
        t.equal(f"AKD page: {name}", value, printed.get(name))
    for low in range(64):
        for high in range(low, 64):
            pieces = cover(6, low, high)
            numbers = [n for length, value in pieces for n in range(value << 6 - length, value + 1 << 6 - length)]
            t.ok(f"AKD cover {low}..{high}", numbers == list(range(low, high + 1)) and len(pieces) <= 10)


def statement_of(note):
    """The fields of a signed text, and its signature lines."""
    text, signatures = note.decode().split("\n\n")
    lines = (line.split(" ", 1) for line in text.splitlines()[1:])
    return text + "\n", {name: value for name, value in lines}, signatures.splitlines()


def ed25519_verifies(verifier, text, signatures):
    """C2SP signed-note, by the first half of a public key; ML-DSA has no second implementation here."""
    name, _, key = verifier.split(" ")[0].split("+", 2)
    public = Ed25519PublicKey.from_public_bytes(b64decode(key)[1:])
    line = next(line for line in signatures if line.startswith(f"\u2014 {name} ") and len(line) < 200)
    try:
        public.verify(b64decode(line.rsplit(" ", 1)[1])[4:], text.encode())
        return True
    except InvalidSignature:
        return False


def verify_golden_grant(t):
    """A released grant: signed as the page says, opened as an envelope, and its keys are those of the root."""
    facts = json.loads((GOLDEN / "manifest.json").read_text())
    envelope, note = (GOLDEN / "analysts.grant").read_bytes(), (GOLDEN / "analysts.grant.sig").read_bytes()
    text, said, signatures = statement_of(note)
    t.ok("golden grant: two signature lines", len(signatures) == 2)
    t.ok("golden grant: Ed25519", ed25519_verifies(facts["issuer"], text, signatures))
    t.ok("golden grant: another text", not ed25519_verifies(facts["issuer"], text + "x\n", signatures))
    header = parse_header(envelope)
    t.equal("golden grant: immutable", header.imm_hash, said["immutable"])
    t.equal("golden grant: payload", hashlib.sha512(envelope[header.total:]).digest(), said["payload"])
    kek = {"kid": facts["kid"], "version": "1", "key_hex": facts["kek"]}
    context = {"purpose": "keystrand-grant", "tree": said["tree"], "grant": said["grant"]}
    content = dec(open_envelope(envelope, [kek], required=context).plaintext, 5)
    dimensions, tree = [tuple(dimension) for dimension in content[6]], content[1]
    t.equal("golden grant: schema", schema_id(schema_encoding(tree, dimensions)), said["schema"])
    root, paths = bytes.fromhex(facts["root"]), [["orders", piece] for piece in cover(16, 3, 17)]
    terms = ((3, 17), int(said["expires"]), content[5], bytes.fromhex(said["grant"]), said["grantee"], int(said["issued"]))
    t.ok("golden grant: content", enc(content) == grant_content(root, tree, dimensions, paths, [AEAD, FF1], terms))
    text, said, signatures = statement_of((GOLDEN / "revoked.list").read_bytes())
    t.ok("golden list: Ed25519", ed25519_verifies(facts["issuer"], text, signatures))
    t.equal("golden list: epoch", said["epoch"], "18")


if __name__ == "__main__":
    for name, value in page_vectors().items():
        text = f"{name} = {value.hex()}"
        print(text[:128], *("  " + text[at:at + 126] for at in range(128, len(text), 126)), sep="\n")
