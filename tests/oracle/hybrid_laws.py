# SPDX-License-Identifier: MIT OR Apache-2.0
"""Schemes 3 and 4: published vectors of their parts, the lines of the page, and the laws of the format."""
import json
import os
from pathlib import Path

from kem import (KDF_DIGEST, KEMS, MLKEM768, MLKEM1024, P256, XWING, DhKem, base_schedule, thumbprint_kid)
from ks1 import *

HPKE_PQ = "vectors/hpke-pq-test-vectors.json"


def verify_hpke_vectors(t):
    """The sets of draft-ietf-hpke-pq: key pairs, encapsulation, decapsulation, key schedule."""
    data = Path(os.environ.get("KEYSTRAND_TEST_DATA", Path(__file__).resolve().parents[3] / "shared")) / HPKE_PQ
    if not data.is_file():
        print(f"SKIPPED {HPKE_PQ} is not there")
        return
    for n, v in enumerate(json.loads(data.read_text())):
        if v["kem_id"] not in KEMS or v["mode"] != 0:
            continue
        kem, name = KEMS[v["kem_id"]], f"HPKE set {n}, KEM {v['kem_id']:#06x}"
        sk, enc_bytes = bytes.fromhex(v["skRm"]), bytes.fromhex(v["enc"])
        t.equal(f"{name}: public key", kem.public(sk), v["pkRm"])
        t.equal(f"{name}: decapsulated", kem.decapsulate(sk, enc_bytes), v["shared_secret"])
        if type(kem) is not DhKem:
            random = bytes.fromhex(v["ikmE"])[:kem.random_len]
            t.equal(f"{name}: enc", kem.encapsulate(kem.public(sk), random)[0], v["enc"])
        if v["kdf_id"] in KDF_DIGEST:
            key, nonce = base_schedule(v["kem_id"], v["kdf_id"], v["aead_id"], bytes.fromhex(v["shared_secret"]),
                                       bytes.fromhex(v["info"]), len(v["key"]) // 2)
            t.equal(f"{name}: key", key, v["key"])
            t.equal(f"{name}: base nonce", nonce, v["base_nonce"])


def page_vectors_of_kems(ids, dek):
    """docs/format.md 14: from a shared secret on, so that a reader needs no KEM to check its key schedule."""
    out, ss, w_c = {}, b"\x33" * 32, b"\x44" * 32
    b = ids.binding(HPKE, 0, "local://pq")
    out["hpke.B"] = b
    for kem in (XWING, MLKEM1024):
        suite, key, nonce = hpke_keys(ids, kem, ss)
        out[f"hpke.{kem:04x} key||nonce"] = key + nonce
        out[f"hpke.{kem:04x} s"] = aead_seal(suite, key, nonce, dek, b)
    b = ids.binding(HYBRID, 0, "local://kat", bound(None, HYBRID, MLKEM768, "local://kat", "local://pq"))
    w = combined(ids, ss, w_c, b"\xcc" * 1088, b"\xbb" * 1184, b"\xdd" * 40, b)
    out.update({"hybrid.B": b, "hybrid.PRK": hmac.digest(ids.info("hybrid-extract"), ss + w_c, "sha512"),
                "hybrid.W": w, "hybrid.s": aead_seal(ids.suite, ids.seal_key(w, b), bytes(12), dek),
                "thumbprint": hash_of_public(b"\xbb" * 1184)})
    return out


def hash_of_public(public_key):
    return hashlib.sha512(public_key).digest()[:32]


class Scene:
    """One recipient of two halves, its keys, and what an attacker may have."""

    def __init__(self, kat):
        self.kat = kat
        self.classical = {"scheme": WRAP, "kid": "pkcs11:object=c", "version": None, "alg": KWP, "key": b"\x0a" * 32,
                          "W": b"\x0b" * 32}
        self.sk = b"\x0c" * 64
        self.pq = {"scheme": HPKE, "kid": "local://pq", "version": "1", "kem": MLKEM768,
                   "pk": KEMS[MLKEM768].public(self.sk), "random": b"\x0d" * 32}
        self.spec = {"scheme": HYBRID, "kid": "pkcs11:object=c", "version": None, "classical": self.classical,
                     "pq": self.pq}
        self.key_c = {"kid": "pkcs11:object=c", "scheme": WRAP, "version": None, "key_hex": "0a" * 32}
        self.key_pq = {"kid": "local://pq", "scheme": HPKE, "version": "1", "kem": MLKEM768, "key_hex": self.sk.hex()}
        self.key = {"kid": "pkcs11:object=c", "scheme": HYBRID, "version": None, "classical": self.key_c,
                    "pq": self.key_pq}

    def sealed(self, *specs, **more):
        return b"".join(seal(MESSAGE, GCM, b"both", list(specs) or [self.spec], **self.kat, **more))


def verify_hybrid_laws(t):
    from vectors import KAT
    scene = Scene(KAT)
    data = scene.sealed()
    t.equal("both halves", open_envelope(data, [scene.key]).plaintext, b"both".hex())
    other_c = {**scene.key, "classical": {**scene.key_c, "key_hex": "0e" * 32}}
    other_pq = {**scene.key, "pq": {**scene.key_pq, "key_hex": "0f" * 64}}
    for name, key in [("the classical half of another key", other_c), ("the ML-KEM half of another key", other_pq)]:
        t.refused(name, "does-not-open", open_envelope, data, [key])
    for name, key in [("the classical half alone", scene.key_c), ("the ML-KEM half alone", scene.key_pq)]:
        t.refused(name, "caller", open_envelope, data, [key])
    verify_attacks(t, scene)
    verify_kem_forms(t, scene)
    verify_floors(t, scene)


def verify_attacks(t, scene):
    """What someone does who changes the entry and, knowing the DEK, makes a new TAG: the seal must not open."""
    entry = parse_header(scene.sealed()).mut[3][0]
    rewrapped_c = keywrap.aes_key_wrap_with_padding(b"\x1a" * 32, scene.classical["W"])
    ct, _ = KEMS[MLKEM768].encapsulate(scene.pq["pk"], b"\x1d" * 32)
    q = entry[6]
    key_1a = {**scene.key, "classical": {**scene.key_c, "key_hex": "1a" * 32}}
    for name, changed, key in [
            ("W_c wrapped again under another classical key", {**entry, 4: rewrapped_c}, key_1a),
            ("another ciphertext for the same public key", {**entry, 6: {**q, 3: ct}}, scene.key),
            ("one bit of ct_pq", {**entry, 6: {**q, 3: bytes([q[3][0] ^ 1]) + q[3][1:]}}, scene.key),
            ("another name of the ML-KEM half", {**entry, 6: {**q, 4: "local://other"}},
             {**scene.key, "pq": {**scene.key_pq, "kid": "local://other"}}),
            ("another name of the classical half", {**entry, 2: "pkcs11:object=d"},
             {**scene.key, "kid": "pkcs11:object=d"})]:
        data = scene.sealed({"keep": changed})
        t.refused(name, "does-not-open", open_envelope, data, [key])


def verify_kem_forms(t, scene):
    entry = parse_header(scene.sealed()).mut[3][0]
    q = entry[6]
    for name, params in [("ct_pq one short", {**q, 3: q[3][:-1]}), ("ct_pq one long", {**q, 3: q[3] + b"\0"}),
                         ("a classical KEM", {**q, 2: 0x0020, 3: bytes(32)}), ("an unknown KEM", {**q, 2: 0x0043}),
                         ("an unknown classical half", {**q, 1: 5}), ("an empty version", {**q, 5: b""}),
                         ("a sixth key", {**q, 6: 1}), ("a hint beside a key URI", {**q, 4: bytes(8)})]:
        t.refused(name, "format", scene.sealed, {"keep": {**entry, 6: params}})
    bare = {"scheme": HPKE, "kid": thumbprint_kid(scene.pq["pk"]), "version": None, "kem": MLKEM768,
            "pk": scene.pq["pk"], "random": b"\x2d" * 32}
    key = {"kid": bare["kid"], "scheme": HPKE, "version": None, "kem": MLKEM768, "key_hex": scene.sk.hex()}
    data = scene.sealed(bare)
    t.equal("a public key by its thumbprint", open_envelope(data, [key]).plaintext, b"both".hex())
    enc_at = data.index(parse_header(data).mut[3][0][4])
    broken = data[:enc_at] + bytes([data[enc_at] ^ 1]) + data[enc_at + 1:]
    t.refused("implicit rejection", "does-not-open", open_envelope, broken, [key])


def verify_floors(t, scene):
    curve = {"scheme": HPKE, "kid": "hpke:c", "version": None, "kem": P256, "pk": KEMS[P256].public(b"\x0a" * 32),
             "random": b"\x0b" * 32}
    bare = {**curve, "kid": "hpke:b", "kem": MLKEM768, "pk": scene.pq["pk"]}
    scene.sealed(floor={1: 2})
    for name, specs, floor in [("a curve beside a hybrid", [scene.spec, curve], {1: 1}),
                               ("bare ML-KEM beside a hybrid", [scene.spec, bare], {1: 2}),
                               ("the classical half beside the hybrid", [scene.spec, curve], {1: 2})]:
        t.refused(name, "policy", scene.sealed, *specs, floor=floor)
