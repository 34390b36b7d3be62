#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""KS1 oracle: a second implementation of docs/format.md, sharing no code with the crates.

Needs pip packages, nothing else:  pip install "cryptography>=48" kyber-py   (argon2-cffi too, where
`cryptography` was built without Argon2id). Take the wheels of PyPI: they bring an OpenSSL that has
AES-GCM-SIV, AES-SIV and ML-KEM. The CBOR codec, HKDF-Expand, HMAC and Shamir sharing below are our own
lines over the standard library. It is slow, not constant-time and never wipes memory: it is made
to be compared with, not to protect anything.

  ks1.py verify            checks the published vectors and the format's own laws
  ks1.py golden OUTDIR     writes the golden files and manifest.json (same bytes on every run)
  ks1.py check DIR         opens every file of a manifest and compares
"""
import hashlib
import hmac
import struct
import sys
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import (
    AESGCM, AESGCMSIV, AESSIV, ChaCha20Poly1305)
from cryptography.hazmat.primitives import keywrap

from kem import KDF_OF_KEM, KEMS, P256, base_schedule

# ---------------------------------------------------------------- numbers of the format

MAGIC = bytes.fromhex("894b53310d0a1a0a")
JOURNAL_MAGIC = bytes.fromhex("894b534a0d0a1a0a")
P = b"keystrand/KS1/"
MESSAGE, TICKET, SECRET = 1, 2, 3
GCM, GCMSIV, CHACHA, DET = 0x0001, 0x0002, 0x0003, 0x0010
SUITES_OF_KIND = {MESSAGE: {GCM, GCMSIV, CHACHA}, TICKET: {GCM, GCMSIV, DET},
                  SECRET: {GCM, GCMSIV, CHACHA}}
KNOWN_SUITES = {GCM, GCMSIV, CHACHA, DET}
AEAD_OF_SUITE = {GCM: AESGCM, GCMSIV: AESGCMSIV, CHACHA: ChaCha20Poly1305, DET: AESGCM}
AEAD_NAME = {GCM: b"AEAD_AES_256_GCM", GCMSIV: b"AEAD_AES_256_GCM_SIV",
             CHACHA: b"AEAD_CHACHA20_POLY1305"}
MODES = {"none": 0, "column": 1, "row": 2}
WRAP_AAD, WRAP, HPKE, HYBRID, PASSPHRASE, QUORUM = 1, 2, 3, 4, 5, 16
OAEP, KWP, KW, BOUND = 1, 2, 3, 4
ENC_LEN = {0x0010: 65, 0x0011: 97, 0x0020: 32, 0x0040: 768, 0x0041: 1088, 0x0042: 1568,
           0x0050: 1153, 0x0051: 1665, 0x647A: 1120}
CLASSICAL_KEMS, BARE_PQ_KEMS = {0x0010, 0x0011, 0x0020}, {0x0040, 0x0041, 0x0042}
PQ_KEMS = ENC_LEN.keys() - CLASSICAL_KEMS
LAID_OUT_ONLY = {0x0011}
MAX_HEADER, MAX_IMM, MAX_PAIRS, MAX_MAP = 1 << 20, 32768, 64, 8192
MAX_RECIPIENTS, HARD_RECIPIENTS, MAX_QUORUMS, MAX_CALLS, MAX_DEPTH = 16, 64, 4, 8, 4
CHUNK, SEALED_CHUNK = 16384, 16400
MAX_RECORD = 1 << 20


class Ks1Error(Exception):
    """party: format, limit, policy, provider, caller or does-not-open."""

    def __init__(self, party, reason):
        super().__init__(f"{party}: {reason}")
        self.party = party


def need(condition, party, reason):
    if not condition:
        raise Ks1Error(party, reason)


# ---------------------------------------------------------------- deterministic CBOR

def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << 8 * size:
            return bytes([major << 5 | info]) + n.to_bytes(size, "big")
    raise ValueError("integer too wide")


def enc(x):
    """Encodes int, bytes, str, list, dict, bool and None by RFC 8949 4.2.1."""
    if x is None or isinstance(x, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[x]
    if isinstance(x, int):
        return head(0, x) if x >= 0 else head(1, -1 - x)
    if isinstance(x, bytes):
        return head(2, len(x)) + x
    if isinstance(x, str):
        return head(3, len(x.encode())) + x.encode()
    if isinstance(x, (list, tuple)):
        return head(4, len(x)) + b"".join(enc(i) for i in x)
    pairs = sorted((enc(k), enc(v)) for k, v in x.items())
    return head(5, len(pairs)) + b"".join(k + v for k, v in pairs)


def dec_item(b, at=0, depth=1, limit=None):
    """Decodes one item strictly; returns (value, end)."""
    need(at < len(b), "format", "CBOR ends early")
    major, info = b[at] >> 5, b[at] & 31
    at += 1
    if major == 7:
        need(info in (20, 21, 22), "format", "float, undefined or other simple value")
        return {20: False, 21: True, 22: None}[info], at
    if info < 24:
        n = info
    else:
        need(info <= 27, "format", "indefinite length or reserved head")
        size = 1 << info - 24
        need(at + size <= len(b), "format", "CBOR ends early")
        n = int.from_bytes(b[at:at + size], "big")
        need(n >= (24, 1 << 8, 1 << 16, 1 << 32)[info - 24], "format", "integer not in shortest form")
        at += size
    if major == 0:
        return n, at
    if major == 1:
        return -1 - n, at
    if major in (2, 3):
        need(n <= len(b) - at, "format", "CBOR ends early")
        raw = b[at:at + n]
        if major == 2:
            return raw, at + n
        try:
            return raw.decode("utf-8"), at + n
        except UnicodeDecodeError:
            raise Ks1Error("format", "text is not UTF-8") from None
    need(major != 6, "format", "CBOR tag")
    need(depth <= (limit or MAX_DEPTH), "limit", "CBOR nested too deep")
    need(n <= len(b) - at, "format", "CBOR ends early")
    if major == 4:
        out = []
        for _ in range(n):
            x, at = dec_item(b, at, depth + 1, limit)
            out.append(x)
        return out, at
    out, before = {}, b""
    for _ in range(n):
        start = at
        key, at = dec_item(b, at, depth + 1, limit)
        need(type(key) in (int, str, bytes), "format", "map key is not an integer or string")
        need(b[start:at] > before, "format", "map keys unsorted or doubled")
        before = b[start:at]
        out[key], at = dec_item(b, at, depth + 1, limit)
    return out, at


def dec(b, limit=None):
    x, end = dec_item(b, 0, 1, limit)
    need(end == len(b), "format", "bytes after the CBOR item")
    assert enc(x) == b
    return x


def depth_of(x):
    if isinstance(x, dict):
        return 1 + max((depth_of(v) for v in x.values()), default=0)
    if isinstance(x, list):
        return 1 + max((depth_of(v) for v in x), default=0)
    return 0


# ---------------------------------------------------------------- key schedule

def hash32(label, x):
    return hashlib.sha512(P + label.encode() + b"\0" + x).digest()[:32]


def expand(key, info, length):
    """HKDF-Expand (RFC 5869 2.3) with SHA-512."""
    out, block = b"", b""
    for i in range(1, -(-length // 64) + 1):
        block = hmac.digest(key, block + info + bytes([i]), "sha512")
        out += block
    return out[:length]


def aead_seal(suite, key, nonce, plaintext, aad=b""):
    return AEAD_OF_SUITE[suite](key).encrypt(nonce, plaintext, aad)


def aead_open(suite, key, nonce, sealed, aad=b""):
    try:
        return AEAD_OF_SUITE[suite](key).decrypt(nonce, sealed, aad)
    except InvalidTag:
        raise Ks1Error("does-not-open", "does not open") from None


@dataclass(frozen=True)
class Ids:
    """What every derivation of one envelope depends on."""
    suite: int
    kind: int
    dek_id: bytes
    message_id: bytes
    ctx_hash: bytes
    imm_hash: bytes

    def info(self, label, f=b""):
        return P + label.encode() + b"\0" + struct.pack(">HB", self.suite, self.kind) + f

    def message_secret(self, dek):
        return expand(dek, self.info("message", self.dek_id + self.message_id), 32)

    def mac_key(self, ms):
        return expand(ms, self.info("header-mac"), 64)

    def payload_key(self, ms):
        return expand(ms, self.info("payload"), 32)

    def record_secret(self, ms):
        return expand(ms, self.info("record", self.imm_hash), 32)

    def tag(self, ms, head_bytes):
        return hmac.digest(self.mac_key(ms), head_bytes, "sha512")[:32]

    def binding(self, scheme, level, kid, extra=None):
        return hash32("bind", enc([scheme, level, self.suite, self.kind, self.dek_id,
                                   self.message_id if level else None, self.ctx_hash, kid, extra]))

    def seal_key(self, w_secret, b):
        return expand(w_secret, self.info("seal", b), 32)


def hint(dek_id, kid):
    return hash32("hint", dek_id + kid.encode())[:8]


# ---------------------------------------------------------------- providers: W from w

def argon2id(passphrase, salt, m, t, p):
    try:
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
        return Argon2id(salt=salt, length=32, iterations=t, lanes=p, memory_cost=m).derive(passphrase)
    except ImportError:
        from argon2.low_level import Type, hash_secret_raw
        return hash_secret_raw(passphrase, salt, t, m, p, 32, Type.ID)


def derives(kid):
    return kid.startswith(("local://", "memory://", "keyfile:"))


def wrap(ids, spec, b):
    """spec to (w, W, params). The caller gives every random byte: nothing is drawn here."""
    if "raw" in spec:
        return spec["raw"][0], spec["raw"][1], spec.get("params")
    scheme = spec["scheme"]
    if scheme == WRAP_AAD:
        assert derives(spec["kid"]) and len(spec["salt"]) == 32
        return spec["salt"], expand(spec["key"], ids.info("local", spec["salt"] + b), 32), None
    if scheme == WRAP:
        f = {KWP: keywrap.aes_key_wrap_with_padding, KW: keywrap.aes_key_wrap}[spec["alg"]]
        return f(spec["key"], spec["W"]), spec["W"], {1: spec["alg"]}
    if scheme == PASSPHRASE:
        m, t, p = spec["cost"]
        w_secret = argon2id(spec["passphrase"].encode(), spec["salt"], m, t, p)
        return b"", w_secret, {1: spec["salt"], 2: m, 3: t, 4: p}
    assert scheme == HYBRID
    w, w_c, params = wrap_classical(ids, spec["classical"], b)
    pq = spec["pq"]
    ct, ss = KEMS[pq["kem"]].encapsulate(pq["pk"], pq["random"])
    q = {1: params, 2: pq["kem"], 3: ct, 4: hint(ids.dek_id, pq["kid"]) if spec.get("hidden") else pq["kid"]}
    if pq.get("version") is not None:
        q[5] = pq["version"].encode()
    return w, combined(ids, ss, w_c, ct, pq["pk"], w, b), q


def wrap_classical(ids, half, b):
    """The classical half of a hybrid recipient: (w_c, W_c, its number)."""
    if half["scheme"] == HPKE:
        assert half["kem"] == P256
        return *KEMS[P256].encapsulate(half["pk"], half["random"]), P256
    w, w_c, params = wrap(ids, half, b)
    return w, w_c, params[1] if half["scheme"] == WRAP else BOUND


def combined(ids, ss_pq, w_c, ct_pq, ek_pq, wrapped_c, b):
    """W of a hybrid recipient: both secrets, both ciphertexts, the public key and the binding."""
    assert len(ss_pq) == len(w_c) == 32
    prk = hmac.digest(ids.info("hybrid-extract"), ss_pq + w_c, "sha512")
    parts = hash32("ct-pq", ct_pq) + hash32("ek", ek_pq) + hash32("w-c", wrapped_c) + b
    return expand(prk, ids.info("hybrid", parts), 32)


def hpke_keys(ids, kem, shared_secret):
    """AEAD, key and nonce of the one message of an HPKE recipient."""
    aead_id = 3 if ids.suite == CHACHA else 2
    key, nonce = base_schedule(kem, KDF_OF_KEM[kem], aead_id, shared_secret, ids.info("hpke"))
    return CHACHA if aead_id == 3 else GCM, key, nonce


def decapsulate(kem, key, ct):
    """A wrong ciphertext of ML-KEM gives another secret and no error (FIPS 203 6.3); of a curve, it may be no point."""
    need(key["kem"] == kem, "provider", "a key of another KEM")
    try:
        return KEMS[kem].decapsulate(bytes.fromhex(key["key_hex"]), ct)
    except ValueError:
        raise Ks1Error("provider", "ciphertext does not decapsulate") from None


def unwrap_hybrid(ids, entry, key, b):
    q, (c, pq) = entry[6], (key["classical"], key["pq"])
    need(pq["kem"] == q[2], "provider", "a key of another KEM")
    ss = decapsulate(q[2], pq, q[3])
    if q[1] == P256:
        w_c = decapsulate(P256, c, entry[4])
    else:
        half = {1: WRAP_AAD, 4: entry[4]} if q[1] == BOUND else {1: WRAP, 4: entry[4], 6: {1: q[1]}}
        need(c["scheme"] == half[1], "provider", "a key of another scheme")
        w_c = unwrap(ids, half, c, b)
    return combined(ids, ss, w_c, q[3], KEMS[q[2]].public(bytes.fromhex(pq["key_hex"])), entry[4], b)


def unwrap(ids, entry, key, b):
    """What the provider of `key` answers for this entry: W, or a provider error."""
    scheme, w = entry[1], entry[4]
    if scheme == HYBRID:
        return unwrap_hybrid(ids, entry, key, b)
    if scheme == PASSPHRASE:
        q = entry[6]
        return argon2id(key["passphrase"].encode(), q[1], q[2], q[3], q[4])
    kek = bytes.fromhex(key["key_hex"])
    if scheme == WRAP_AAD:
        need(derives(key["kid"]) and len(w) == 32, "provider", "not a locally derived recipient")
        return expand(kek, ids.info("local", w + b), 32)
    need(scheme == WRAP and entry[6][1] in (KWP, KW), "provider", "no such provider here")
    f = keywrap.aes_key_unwrap_with_padding if entry[6][1] == KWP else keywrap.aes_key_unwrap
    try:
        w_secret = f(kek, w)
    except keywrap.InvalidUnwrap:
        raise Ks1Error("provider", "key does not unwrap") from None
    need(len(w_secret) == 32, "provider", "W is not 32 bytes")
    return w_secret


# ---------------------------------------------------------------- quorum

def gmul(a, b):
    r = 0
    while b:
        if b & 1:
            r ^= a
        a = a << 1 ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return r


def ginv(a):
    r = 1
    for _ in range(254):
        r = gmul(r, a)
    return r


def share_at(secret, coefficients, x):
    out = bytearray(secret)
    power = 1
    for c in coefficients:
        power = gmul(power, x)
        for i in range(32):
            out[i] ^= gmul(c[i], power)
    return bytes(out)


def combine(points):
    """{x: share} to the secret at x = 0."""
    out = bytearray(32)
    for x, share in points.items():
        basis = 1
        for other in points:
            if other != x:
                basis = gmul(basis, gmul(other, ginv(other ^ x)))
        for i in range(32):
            out[i] ^= gmul(basis, share[i])
    return bytes(out)


def share_commitment(qid, x, share):
    return hash32("share", qid + bytes([x]) + share)


def share_extra(qid, k, commitments, x, share_version):
    return [qid, k, len(commitments), x, hash32("shares", enc(commitments)), share_version]


# ---------------------------------------------------------------- header: shape rules

def uint(x, low, high):
    return type(x) is int and low <= x <= high


def keys(m, required, optional, what):
    need(type(m) is dict, "format", f"{what} is not a map")
    need(required <= m.keys() <= required | optional, "format", f"{what}: missing or unknown key")


def bstr(x, low, high, what, party="format"):
    need(type(x) is bytes, "format", f"{what} is not a byte string")
    need(low <= len(x) <= high, party, f"{what} has a wrong length")


def check_pair_name(name):
    need(type(name) is str and name != "" and "\0" not in name, "format", "bad context name")
    need(not name.startswith(("ks1-", "aws:")), "format", "reserved context name")


def check_context(pairs):
    for name, value in pairs.items():
        check_pair_name(name)
        need(type(value) is str and "\0" not in value, "format", "bad context value")
    need(len(pairs) <= MAX_PAIRS and len(enc(pairs)) <= MAX_MAP, "limit", "context too large")


def check_imm(imm, kind, suite):
    keys(imm, {1, 2}, {3, 4, 5, 6, 7}, "IMM")
    bstr(imm[1], 32, 32, "message_id")
    bstr(imm[2], 16, 16, "dek_id")
    if 3 in imm:
        need(type(imm[3]) is dict and imm[3], "format", "context is not a non-empty map")
        check_context(imm[3])
    if 4 in imm:
        need(type(imm[4]) is list and imm[4], "format", "required names are not a non-empty list")
        for name in imm[4]:
            check_pair_name(name)
            need(name not in imm.get(3, {}), "format", "required name is also stored")
        encoded = [enc(name) for name in imm[4]]
        need(all(a < b for a, b in zip(encoded, encoded[1:])), "format", "required names unsorted")
        need(len(imm[4]) + len(imm.get(3, {})) <= MAX_PAIRS, "limit", "too many context pairs")
        need(len(enc(imm[4])) <= MAX_MAP, "limit", "required names too long")
    labels = imm.get(5, {})
    if 5 in imm:
        need(type(labels) is dict and labels, "format", "labels are not a non-empty map")
        for name, value in labels.items():
            need(type(name) is str and name != "" and "\0" not in name, "format", "bad label name")
            need(not name.startswith("ks1-") or name == "ks1-mode", "format", "reserved label")
            need(type(value) is bytes or type(value) is str and "\0" not in value,
                 "format", "bad label value")
        need(len(labels) <= MAX_PAIRS and len(enc(labels)) <= MAX_MAP, "limit", "labels too large")
    if kind == TICKET:
        need(labels.get("ks1-mode") in MODES, "format", "ticket without a record mode")
        need(suite != DET or labels["ks1-mode"] != "none", "format", "deterministic ticket needs a column")
    else:
        need("ks1-mode" not in labels, "format", "record mode outside a ticket")
    if 6 in imm:
        need(type(imm[6]) is str and 1 <= len(imm[6]) <= 64
             and all(c in "abcdefghijklmnopqrstuvwxyz0123456789._-" for c in imm[6]),
             "format", "bad logical key name")
    if 7 in imm:
        keys(imm[7], set(), {1, 2}, "floor")
        need(imm[7], "format", "floor is empty")
        need(uint(imm[7].get(1, 1), 1, 2) and uint(imm[7].get(2, 2), 2, 16), "format", "bad floor")


def check_kid(scheme, kid):
    if type(kid) is bytes:
        need(len(kid) == 8 and scheme != PASSPHRASE, "format", "bad hint")
        return
    check_uri(kid)
    if scheme == PASSPHRASE:
        label = kid.removeprefix("passphrase:")
        need(kid.startswith("passphrase:") and len(label) <= 32
             and all(c in "abcdefghijklmnopqrstuvwxyz0123456789-" for c in label),
             "format", "bad passphrase kid")
    else:
        need(not kid.startswith("passphrase:"), "format", "passphrase kid in another scheme")


def check_uri(kid):
    need(type(kid) is str and 1 <= len(kid.encode()) <= 512
         and not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in kid), "format", "bad kid")


def check_wrapped(e, optional):
    """A single or a share: keys 1-6 and what `optional` adds."""
    keys(e, {1, 2, 4, 5}, {3, 6} | optional, "recipient")
    scheme, w = e[1], e[4]
    check_kid(scheme, e[2])
    if 3 in e:
        bstr(e[3], 1, 256, "version")
    bstr(w, 0, 8192, "w", "limit")
    bstr(e[5], 48, 48, "s")
    need((6 in e) == (scheme != WRAP_AAD), "format", "params missing or not wanted")
    q = e.get(6)
    if scheme == WRAP_AAD:
        need(w, "format", "w is empty")
    elif scheme == WRAP:
        keys(q, {1}, set(), "params")
        need(uint(q[1], 1, 3), "format", "unknown wrapping algorithm")
        check_wrap_length(q[1], w)
    elif scheme == HPKE:
        keys(q, {1}, set(), "params")
        need(type(q[1]) is int and q[1] in ENC_LEN, "format", "unknown KEM")
        need(len(w) == ENC_LEN[q[1]], "format", "enc has a wrong length")
    elif scheme == HYBRID:
        keys(q, {1, 2, 3, 4}, {5}, "params")
        need(type(q[1]) is int and q[1] in (OAEP, KWP, KW, BOUND, P256), "format", "unknown classical half")
        check_wrap_length(q[1], w)
        need(type(q[2]) is int and q[2] in PQ_KEMS, "format", "unknown KEM")
        bstr(q[3], ENC_LEN[q[2]], ENC_LEN[q[2]], "ct_pq")
        if type(e[2]) is bytes:
            bstr(q[4], 8, 8, "hint")
        else:
            check_uri(q[4])
            need(not q[4].startswith("passphrase:"), "format", "passphrase kid in another scheme")
        if 5 in q:
            bstr(q[5], 1, 256, "version")
    else:
        keys(q, {1, 2, 3, 4}, set(), "params")
        bstr(q[1], 16, 16, "salt")
        need(all(type(q[i]) is int and q[i] >= 0 for i in (2, 3, 4)), "format", "bad cost")
        need(uint(q[2], 65536, 2097152) and uint(q[3], 1, 16) and uint(q[4], 1, 16), "limit", "cost")
        need(w == b"" and 3 not in e, "format", "passphrase recipient with w or version")


def check_wrap_length(alg, w):
    low, high = {OAEP: (256, 1024), KWP: (40, 40), KW: (40, 40), BOUND: (1, 8192), P256: (65, 65)}[alg]
    need(low <= len(w) <= high, "format", "w has a wrong length")


def check_mut(mut, max_recipients):
    keys(mut, {1, 3}, {2}, "MUT")
    need(uint(mut[1], 0, 2**64 - 1), "format", "bad seq")
    need((2 in mut) == (mut[1] > 0), "format", "prev without seq, or seq without prev")
    if 2 in mut:
        bstr(mut[2], 16, 16, "prev")
    need(type(mut[3]) is list and mut[3], "format", "no recipients")
    total, qids = 0, []
    for e in mut[3]:
        need(type(e) is dict and type(e.get(1)) is int, "format", "recipient without a scheme")
        scheme = e[1]
        if scheme == QUORUM:
            keys(e, {1, 10, 11, 12}, {7}, "quorum")
            bstr(e[10], 16, 16, "qid")
            need(e[10] not in qids, "format", "qid twice")
            qids.append(e[10])
            need(type(e[12]) is list and 2 <= len(e[12]) <= 16, "format", "commitments")
            for c in e[12]:
                bstr(c, 32, 32, "commitment")
            need(uint(e[11], 2, len(e[12])), "format", "k out of range")
            total += len(e[12])
        elif 32 <= scheme <= 65535:
            need(depth_of(e) <= MAX_DEPTH, "limit", "CBOR nested too deep")
            total += 1
        else:
            need(1 <= scheme <= 5, "format", "unknown scheme below 32")
            check_wrapped(e, {7})
            total += 1
        need(scheme >= 32 or e.get(7, 1) == 1 and type(e.get(7, 1)) is int, "format", "bad level")
    need(len(qids) <= MAX_QUORUMS, "limit", "too many quorums")
    need(total <= min(max_recipients, HARD_RECIPIENTS), "limit", "too many recipients")


def check_shares(shares, quorums):
    need(type(shares) is list and len(shares) == len(quorums), "format", "one list of shares a quorum")
    for inner, q in zip(shares, quorums):
        need(type(inner) is list and len(inner) == len(q[12]), "format", "one share a commitment")
        for e in inner:
            need(type(e) is dict and uint(e.get(1), 1, 5), "format", "bad share")
            check_wrapped(e, {8})
            need(8 not in e or uint(e[8], 1, 2**32 - 1), "format", "bad share version")


# ---------------------------------------------------------------- header: bytes

@dataclass
class Header:
    kind: int
    suite: int
    imm: dict
    mut: dict
    shares: list
    lens: tuple
    raw: bytes
    imm_hash: bytes

    @property
    def tag_at(self):
        return 32 + sum(self.lens[:3])

    @property
    def tag(self):
        return self.raw[self.tag_at:self.tag_at + 32]

    @property
    def total(self):
        return len(self.raw)

    def ids(self, external=None):
        context = {**self.imm.get(3, {}), **(external or {})}
        check_context(context)
        return Ids(self.suite, self.kind, self.imm[2], self.imm[1],
                   hash32("context", enc(context)), self.imm_hash)

    def quorums(self):
        return [e for e in self.mut[3] if e[1] == QUORUM]


def parse_header(data, max_recipients=MAX_RECIPIENTS):
    """Steps 1 to 3 of the order of open, without policy. Returns the header; more bytes may follow."""
    need(len(data) >= 32, "format", "shorter than a prelude")
    need(data[:8] == MAGIC, "format", "not a KS1 envelope")
    kind, flags, suite, *lens, reserved = struct.unpack(">BBHIIIII", data[8:32])
    need(kind in SUITES_OF_KIND, "format", "unknown kind")
    need(flags == 0 and reserved == 0, "format", "flags or reserved bytes set")
    need(lens[0] <= MAX_IMM and 64 + sum(lens) <= MAX_HEADER, "limit", "header too large")
    total = 64 + sum(lens)
    need(len(data) >= total, "format", "header cut short")
    raw = data[:total]
    imm_end = 32 + lens[0]
    mut_end = imm_end + lens[1]
    pad_end = mut_end + lens[2]
    need(not any(raw[mut_end:pad_end]), "format", "PAD is not zero")
    need(suite in KNOWN_SUITES, "policy", "unknown suite")
    need(suite in SUITES_OF_KIND[kind], "format", "suite does not fit the kind")
    imm = dec(raw[32:imm_end])
    check_imm(imm, kind, suite)
    mut = dec(raw[imm_end:mut_end], limit=2 + MAX_DEPTH)      # opaque entries count from themselves
    check_mut(mut, max_recipients)
    quorums, shares = [e for e in mut[3] if e[1] == QUORUM], []
    region = raw[pad_end + 32:]
    need(bool(quorums) == bool(region), "format", "SHARES without a quorum, or the reverse")
    if region:
        shares, end = dec_item(region)
        need(not any(region[end:]), "format", "SHARES tail is not zero")
        assert enc(shares) == region[:end]
        check_shares(shares, quorums)
    return Header(kind, suite, imm, mut, shares, tuple(lens), raw,
                  hash32("immutable", raw[:12] + raw[32:imm_end]))


def strength(e):
    """0 classical, 1 post-quantum, 2 hedged (symmetric or hybrid), None unknown."""
    scheme = e[1]
    if scheme >= 32:
        return None
    if scheme == WRAP and e[6][1] == OAEP:
        return 0
    if scheme == HPKE:
        return 0 if e[6][1] in CLASSICAL_KEMS else 1 if e[6][1] in BARE_PQ_KEMS else 2
    return 2


def check_policy(h, mixed_passphrase=False):
    floor = h.imm.get(7, {})
    shares = iter(h.shares)
    for e in h.mut[3]:
        if e[1] == QUORUM:
            weak = sum(strength(s) < floor.get(1, 0) for s in next(shares))
            need(weak < e[11], "policy", "quorum below the floor")
            need(e[11] >= floor.get(2, 0), "policy", "quorum below the floor")
        elif floor:
            s = strength(e)
            need(s is not None and s >= floor.get(1, 0) and 2 not in floor,
                 "policy", "recipient below the floor")
    if len(h.mut[3]) > 1 and not mixed_passphrase:
        need(all(e[1] != PASSPHRASE for e in h.mut[3]), "policy", "passphrase beside another recipient")


# ---------------------------------------------------------------- payload

def payload_keys(ids, ms):
    salt = ids.message_id[:24]
    info = b"c2sp.org/chunked-encryption@v1+" + AEAD_NAME[ids.suite] + b"\0" + salt + ids.imm_hash
    okm = expand(ids.payload_key(ms), info, 76)
    return salt, okm[:32], okm[32:44], okm[44:]


def xor_counter(base, n):
    return (int.from_bytes(base, "big") ^ n).to_bytes(12, "big")


def seal_payload(ids, ms, plaintext):
    salt, key, base, commitment = payload_keys(ids, ms)
    out = [salt, commitment]
    for i in range(len(plaintext) // CHUNK + 1):
        out.append(aead_seal(ids.suite, key, xor_counter(base, i), plaintext[i * CHUNK:(i + 1) * CHUNK]))
    return b"".join(out)


def check_salt(ids, payload):
    need(len(payload) >= 24, "does-not-open", "does not open")
    need(payload[:24] == ids.message_id[:24], "format", "header belongs to another payload")


def open_payload(ids, ms, payload):
    check_salt(ids, payload)
    _, key, base, commitment = payload_keys(ids, ms)
    need(len(payload) >= 72 and (len(payload) - 56) % SEALED_CHUNK >= 16
         and hmac.compare_digest(payload[24:56], commitment), "does-not-open", "does not open")
    return b"".join(aead_open(ids.suite, key, xor_counter(base, i), payload[at:at + SEALED_CHUNK])
                    for i, at in enumerate(range(56, len(payload), SEALED_CHUNK)))


# ---------------------------------------------------------------- seal

def bound(extra, scheme, kem, kid_c, kid_pq):
    """`extra` of a recipient: what its place in a quorum says, and the two halves of a hybrid one."""
    if scheme != HYBRID:
        return extra
    return (extra or []) + ["hybrid", kem, kid_c, kid_pq]


def wrapped_entry(ids, spec, level, secret, extra):
    pq = spec.get("pq", {})
    extra = bound(extra, spec["scheme"], pq.get("kem"), spec["kid"], pq.get("kid"))
    b = ids.binding(spec["scheme"], level, spec["kid"], extra)
    if spec["scheme"] == HPKE and "raw" not in spec:
        w, shared_secret = KEMS[spec["kem"]].encapsulate(spec["pk"], spec["random"])
        suite, key, nonce = hpke_keys(ids, spec["kem"], shared_secret)
        s, params = aead_seal(suite, key, nonce, secret, b), {1: spec["kem"]}
    else:
        w, w_secret, params = wrap(ids, spec, b)
        s = aead_seal(ids.suite, ids.seal_key(w_secret, b), bytes(12), secret)
    e = {1: spec["scheme"], 2: hint(ids.dek_id, spec["kid"]) if spec.get("hidden") else spec["kid"], 4: w, 5: s}
    if spec.get("version") is not None:
        e[3] = spec["version"].encode()
    if params is not None:
        e[6] = params
    return e


def build_header(kind, suite, imm, ids, dek, ms, specs, seq=0, prev=None, pad=0):
    """pad: a number of bytes, or a function from the unpadded header length to one."""
    entries, shares = [], []
    for spec in specs:
        if "keep" in spec:                      # an entry carried over as it is, known or not
            entries.append(spec["keep"])
            if spec["keep"][1] == QUORUM:
                shares.append(spec["shares"])
            continue
        level = spec.get("level", 0)
        secret = ms if level else dek
        if "members" in spec:
            points = {x: share_at(secret, spec["coefficients"], x)
                      for x in range(1, len(spec["members"]) + 1)}
            commitments = [share_commitment(spec["qid"], x, s) for x, s in points.items()]
            e = {1: QUORUM, 10: spec["qid"], 11: len(spec["coefficients"]) + 1, 12: commitments}
            inner = []
            for x, member in enumerate(spec["members"], 1):
                extra = share_extra(spec["qid"], e[11], commitments, x, member.get("share_version", 0))
                s = wrapped_entry(ids, member, level, points[x], extra)
                if member.get("share_version", 0):
                    s[8] = member["share_version"]
                inner.append(s)
            shares.append(inner)
        else:
            e = wrapped_entry(ids, spec, level, secret, None)
        if level:
            e[7] = 1
        entries.append(e)
    mut = {1: seq, 3: entries}
    if seq:
        mut[2] = prev
    mut_bytes, region = enc(mut), enc(shares) if shares else b""
    if region:
        region += bytes(-len(region) % 256 + 256 * (len(shares) - 1))
    if callable(pad):
        pad = pad(64 + len(imm) + len(mut_bytes) + len(region))
    covered = (MAGIC + struct.pack(">BBHIIIII", kind, 0, suite, len(imm), len(mut_bytes), pad,
                                   len(region), 0) + imm + mut_bytes + bytes(pad))
    return covered + ids.tag(ms, covered) + region


def pad_rule(payload_known, reserve=None):
    """docs/format.md 2.3: no pad for short payloads, else up to 4096 with `reserve` to spare."""
    if reserve is None and payload_known is not None and payload_known < 65536:
        return 0
    least = 256 if reserve is None else reserve
    return lambda bare: least + -(bare + least) % 4096


def seal(kind, suite, plaintext, specs, *, dek, dek_id, message_id, context=None, external=None,
         labels=None, name=None, floor=None, detached=False, reserve=None, mixed_passphrase=False):
    """Returns (header, payload); payload is empty for a ticket."""
    imm = {1: message_id, 2: dek_id}
    for key, value in ((3, context), (4, sorted(external or {}, key=enc)), (5, labels), (6, name), (7, floor)):
        if value:
            imm[key] = value
    imm_bytes = enc(imm)
    prelude12 = MAGIC + struct.pack(">BBH", kind, 0, suite)
    ids = Ids(suite, kind, dek_id, message_id,
              hash32("context", enc({**(context or {}), **(external or {})})),
              hash32("immutable", prelude12 + imm_bytes))
    ms = ids.message_secret(dek)
    pad = 0 if detached or kind == TICKET else pad_rule(len(plaintext), reserve)
    header = build_header(kind, suite, imm_bytes, ids, dek, ms, specs, pad=pad)
    check_policy(parse_header(header, HARD_RECIPIENTS), mixed_passphrase)
    return header, b"" if kind == TICKET else seal_payload(ids, ms, plaintext)


# ---------------------------------------------------------------- open

@dataclass
class Opened:
    header: Header
    ids: Ids
    ms: bytes
    dek: bytes = None
    plaintext: bytes = None


def is_named(h, name, kid):
    return name == (kid if type(name) is str else hint(h.imm[2], kid))


def matching_keys(h, entry, keks):
    for key in keks:
        if not is_named(h, entry[2], key["kid"]) or (entry[1] == HYBRID) != ("pq" in key):
            continue
        if entry[1] == HYBRID and not is_named(h, entry[6][4], key["pq"]["kid"]):
            continue
        if entry[1] == HPKE and entry[6][1] in LAID_OUT_ONLY:
            continue
        if key.get("version") is not None and entry.get(3) not in (None, key["version"].encode()):
            continue
        if (key.get("passphrase") is not None) == (entry[1] == PASSPHRASE):
            yield key


class Budget:
    def __init__(self, calls):
        self.left = calls

    def spend(self):
        need(self.left > 0, "provider", "too many provider calls")
        self.left -= 1


def open_entry(h, ids, entry, level, extra, keks, budget):
    """W, then s. None where no key fits or the seal fails."""
    for key in matching_keys(h, entry, keks):
        for _ in range(2 if entry[1] == HYBRID else 1):
            budget.spend()
        halves = (entry[6][2], key["kid"], key["pq"]["kid"]) if entry[1] == HYBRID else (None, None, None)
        b = ids.binding(entry[1], level, key["kid"], bound(extra, entry[1], *halves))
        try:
            if entry[1] == HPKE:
                suite, seal_key, nonce = hpke_keys(ids, entry[6][1], decapsulate(entry[6][1], key, entry[4]))
                return aead_open(suite, seal_key, nonce, entry[5], b)
            return aead_open(ids.suite, ids.seal_key(unwrap(ids, entry, key, b), b), bytes(12), entry[5])
        except Ks1Error as e:
            if e.party not in ("provider", "does-not-open"):
                raise
    return None


def open_quorum(h, ids, q, inner, keks, budget):
    level, points = q.get(7, 0), {}
    for x, entry in enumerate(inner, 1):
        extra = share_extra(q[10], q[11], q[12], x, entry.get(8, 0))
        share = open_entry(h, ids, entry, level, extra, keks, budget)
        if share is not None and share_commitment(q[10], x, share) == q[12][x - 1]:
            points[x] = share
        if len(points) == q[11]:
            return combine(points)
    return None


def find_secret(h, ids, keks):
    calls = [sum(2 if e[1] == HYBRID else 1 for e in inner) for inner in h.shares]
    budget = Budget(max([MAX_CALLS] + calls))
    shares, tried = iter(h.shares), False
    for entry in h.mut[3]:
        if entry[1] == QUORUM:
            inner = next(shares)
            tried = tried or any(True for e in inner for _ in matching_keys(h, e, keks))
            secret = open_quorum(h, ids, entry, inner, keks, budget)
        elif entry[1] >= 32:
            continue
        else:
            tried = tried or any(True for _ in matching_keys(h, entry, keks))
            secret = open_entry(h, ids, entry, entry.get(7, 0), None, keks, budget)
        if secret is not None:
            return secret, entry.get(7, 0)
    need(tried, "caller", "no configured key is among the recipients")
    raise Ks1Error("does-not-open", "does not open")


def open_envelope(data, keks, *, payload=None, layout="attached", required=None, min_seq=None,
                  max_recipients=MAX_RECIPIENTS, mixed_passphrase=False):
    """The normative order of docs/format.md 9. keks: dicts of kid, version, key_hex or passphrase."""
    h = parse_header(data, max_recipients)
    if layout == "attached":
        need(h.kind != TICKET, "format", "a ticket is not an attached message")
        payload = data[h.total:]
    else:
        need((layout == "ticket") == (h.kind == TICKET), "format", "ticket and sidecar mixed up")
        need(len(data) == h.total, "format", "bytes after the header")
    check_policy(h, mixed_passphrase)
    stored, names, external = h.imm.get(3, {}), h.imm.get(4, []), {}
    for name, value in (required or {}).items():
        if name in names:
            external[name] = value
        else:
            need(stored.get(name) == value, "policy", "required context differs")
    need(len(external) == len(names), "caller", "a required context pair was not given")
    ids = h.ids(external)
    if h.kind != TICKET and len(payload) >= 24:
        check_salt(ids, payload)
    secret, level = find_secret(h, ids, keks)
    dek, ms = (None, secret) if level else (secret, ids.message_secret(secret))
    need(hmac.compare_digest(ids.tag(ms, h.raw[:h.tag_at]), h.tag), "does-not-open", "does not open")
    need(min_seq is None or h.mut[1] >= min_seq, "does-not-open", "does not open")
    opened = Opened(h, ids, ms, dek)
    if h.kind != TICKET:
        opened.plaintext = open_payload(ids, ms, payload)
    return opened


# ---------------------------------------------------------------- rewrap

def rewrap(opened, specs, payload_known=None, detached=False):
    """New header with seq + 1. specs as for seal; {"keep": entry} carries one over."""
    h = opened.header
    imm = h.raw[32:32 + h.lens[0]]
    detached = detached or h.kind == TICKET

    def pad(bare):
        if h.lens[2] and h.total >= bare:
            return h.total - bare
        rule = 0 if detached else pad_rule(payload_known)
        return rule(bare) if callable(rule) else rule

    header = build_header(h.kind, h.suite, imm, opened.ids, opened.dek, opened.ms, specs,
                          seq=h.mut[1] + 1, prev=h.tag[:16], pad=pad)
    new = parse_header(header, HARD_RECIPIENTS)
    check_policy(new)
    assert new.imm_hash == h.imm_hash
    return header


def rewrap_share(data, q_index, x, old_key, spec, external=None):
    """Moves one share to a new W: needs that member's key only; TAG and the rest stay."""
    h = parse_header(data)
    ids, q = h.ids(external), h.quorums()[q_index]
    entry, level = h.shares[q_index][x - 1], q.get(7, 0)
    share = open_entry(h, ids, entry, level, share_extra(q[10], q[11], q[12], x, entry.get(8, 0)),
                       [old_key], Budget(1))
    need(share is not None and share_commitment(q[10], x, share) == q[12][x - 1],
         "does-not-open", "does not open")
    version = entry.get(8, 0) + 1
    new = wrapped_entry(ids, spec, level, share, share_extra(q[10], q[11], q[12], x, version))
    new[8] = version
    h.shares[q_index][x - 1] = new
    region = enc(h.shares)
    need(len(region) <= h.lens[3], "caller", "SHARES has no room left")
    start = h.tag_at + 32
    out = data[:start] + region + bytes(h.lens[3] - len(region)) + data[h.total:]
    parse_header(out)
    return out


def journal(message_id, total_length, old_tag, new_header):
    body = (JOURNAL_MAGIC + message_id + struct.pack(">Q", total_length) + old_tag
            + struct.pack(">I", len(new_header)) + new_header)
    return body + hashlib.sha512(body).digest()


# ---------------------------------------------------------------- records

def record_aad(mode, column, row):
    return bytes([mode]) + struct.pack(">H", len(column)) + column + struct.pack(">I", len(row)) + row


class Records:
    """Seals and opens the records of one opened ticket."""

    def __init__(self, ids, ms, mode):
        self.ids, self.mode = ids, MODES[mode]
        self.tid, self.ts = ids.message_id[:6], ids.record_secret(ms)

    @classmethod
    def of(cls, opened):
        return cls(opened.ids, opened.ms, opened.header.imm[5]["ks1-mode"])

    def aad(self, column, row):
        column, row = (column or "").encode(), (row or "").encode()
        need(bool(column) == (self.mode >= 1) and bool(row) == (self.mode == 2) and len(column) < 65536,
             "caller", "column or row does not fit the record mode")
        return record_aad(self.mode, column, row)

    def writer(self, wid, ctr):
        okm = expand(self.ts, self.ids.info("writer", wid), 44)
        return okm[:32], xor_counter(okm[32:], ctr)

    def det(self):
        return AESSIV(expand(self.ts, self.ids.info("det"), 64))

    def seal(self, plaintext, column=None, row=None, wid=None, ctr=None):
        aad = self.aad(column, row)
        if self.ids.suite == DET:
            record = self.tid + self.det().encrypt(plaintext, [aad])
        else:
            need(1 <= ctr < 1 << 32, "caller", "counter out of range")
            key, nonce = self.writer(wid, ctr)
            record = (self.tid + wid + struct.pack(">I", ctr)
                      + aead_seal(self.ids.suite, key, nonce, plaintext, aad))
        need(len(record) <= MAX_RECORD, "limit", "record too long")
        return record

    def open(self, record, column=None, row=None):
        aad = self.aad(column, row)
        need(len(record) <= MAX_RECORD, "limit", "record too long")
        least = 22 if self.ids.suite == DET else 36
        need(len(record) >= least, "format", "record too short")
        need(record[:6] == self.tid, "caller", "record of another ticket")
        if self.ids.suite == DET:
            try:
                return self.det().decrypt(record[6:], [aad])
            except InvalidTag:
                raise Ks1Error("does-not-open", "does not open") from None
        key, nonce = self.writer(record[6:16], int.from_bytes(record[16:20], "big"))
        return aead_open(self.ids.suite, key, nonce, record[20:], aad)


def main(args):
    if args[:1] == ["verify"] and len(args) == 1:
        from vectors import cmd_verify
        return cmd_verify()
    if args[:1] in (["golden"], ["check"]) and len(args) == 2:
        from golden import cmd_check, cmd_golden
        return {"golden": cmd_golden, "check": cmd_check}[args[0]](args[1])
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
