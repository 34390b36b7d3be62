# SPDX-License-Identifier: MIT OR Apache-2.0
"""Published vectors and the laws of the format, for `ks1.py verify`."""
import hashlib
import struct
from itertools import combinations
from pathlib import Path

from akd import verify_akd_vectors, verify_golden_grant
from hybrid_laws import page_vectors_of_kems, verify_hpke_vectors, verify_hybrid_laws
from ks1 import *

class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def ok(self, name, condition):
        self.passed += bool(condition)
        self.failed += not condition
        if not condition:
            print("FAILED", name)

    def equal(self, name, got, want):
        self.ok(f"{name}: got {got.hex() if type(got) is bytes else got}, want {want}",
                (got.hex() if type(got) is bytes else got) == want)

    def refused(self, name, party, f, *args, **kw):
        try:
            f(*args, **kw)
            self.ok(f"{name}: was accepted", False)
        except Ks1Error as e:
            self.ok(f"{name}: {e}, want {party}", e.party in party.split("|"))

    def report(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


def seq_bytes(first, n):
    return bytes(range(first, first + n))


KAT = dict(dek=seq_bytes(0, 32), dek_id=seq_bytes(0x10, 16), message_id=seq_bytes(0x20, 32),
           context={"purpose": "kat"})


def kat_ids(kind):
    imm = enc({1: KAT["message_id"], 2: KAT["dek_id"], 3: KAT["context"]})
    prelude12 = MAGIC + struct.pack(">BBH", kind, 0, GCM)
    return imm, Ids(GCM, kind, KAT["dek_id"], KAT["message_id"],
                    hash32("context", enc(KAT["context"])), hash32("immutable", prelude12 + imm))


def verify_envelope_vector(t):
    imm, ids = kat_ids(MESSAGE)
    t.equal("IMM", imm, "a3015820" + seq_bytes(0x20, 32).hex() + "0250" + seq_bytes(0x10, 16).hex()
            + "03a167707572706f7365636b6174")
    t.equal("IMM length", len(imm), 68)
    t.equal("ctx_hash", ids.ctx_hash, "50bbadb3b8d7f1d8f305c0f447298bb8b176e0fbc64b49b4170d34552a90ddf9")
    b = ids.binding(1, 0, "local://kat")
    t.equal("B", b, "bc9e293032c7c690bea0a9554ba8e40cf2fbc07f447f8a0714ed1180190e8ec5")
    t.equal("SK", ids.seal_key(b"\x22" * 32, b),
            "cd709b50df02d160fdd5e1b0ff681d5b7b1a8823f559932e17d90643dc08a14f")
    ms = ids.message_secret(KAT["dek"])
    t.equal("imm_hash", ids.imm_hash, "6ac1a8adcd909a78158f61f08807da694a46241b988c084c2fb8ed78ae3d1f0d")
    t.equal("MS", ms, "a27e032a7ceb3fb188e5531882bf6317cfa5abf002fdc01c9a1883fab97314a4")
    t.equal("MK", ids.mac_key(ms), "50ab9fdaf945fecf361255f8859dd9c5d0101ef3dcbed17e8719da70116030680b652a"
            "33d254193308be14d9ed617a1d6eb2d21d2f34ca9e6885eab36cbf8191")
    t.equal("PK", ids.payload_key(ms), "b3bf4732549042349b720f096de1e34fa43f9740208947c8bd3f83f332c1794b")
    header, payload = seal(MESSAGE, GCM, b"", [{"scheme": 1, "kid": "local://kat", "version": "1",
                                                "raw": (b"\xee" * 40, b"\x22" * 32)}], **KAT)
    h = parse_header(header)
    t.equal("s", h.mut[3][0][5], "3d35a44cac58801e5e3db0968ed86a61a073fa8a4130ac2f3429166eed451c3fc0e7e0d1"
            "f6e09dded3d3b3e2ff91a8d3")
    t.equal("TAG", h.tag, "8749e72e99c7f7c3451a749a61203df7725f08f7d573a06d7a80fdecf68eaefc")
    t.equal("payload", payload, seq_bytes(0x20, 24).hex()
            + "48da88eb49139dfa8fe41fec5ea872d52152b4f6ddfc24bf7f5c0d832c06f61a"
            + "f6e1314dda62704f6b5d678b1bb66816")
    t.equal("file length", len(header + payload), 322)
    t.equal("file SHA-256", hashlib.sha256(header + payload).digest(),
            "f226ff73c2eea1c06c7c899504af663b77701a692fac9dce503cbc01d5227958")


def verify_share_vector(t):
    secret, coefficient = seq_bytes(0, 32), bytes(range(0xFF, 0xDF, -1))
    shares = {x: share_at(secret, [coefficient], x) for x in (1, 2, 3)}
    t.equal("share 1", shares[1], "ff" * 32)
    t.equal("share 2", shares[2], "e5e6e3e0e9eaefecfdfefbf8f1f2f7f4d5d6d3d0d9dadfdccdcecbc8c1c2c7c4")
    t.equal("share 3", shares[3], "1a181e1c121016140a080e0c020006043a383e3c323036342a282e2c22202624")
    for pair in combinations(shares, 2):
        t.equal(f"shares {pair} combine", combine({x: shares[x] for x in pair}), secret.hex())


def verify_record_vectors(t):
    _, ids = kat_ids(TICKET)                       # key schedule only: this IMM has no ks1-mode label
    ms = ids.message_secret(KAT["dek"])
    t.equal("TS", ids.record_secret(ms), "b9b75f0d1583fd00b95bc655677ecd773e28a8ae943fe10a662077f54d293b7d")
    records, wid = Records(ids, ms, "row"), seq_bytes(0xC0, 10)
    t.equal("WK and base", expand(records.ts, ids.info("writer", wid), 44),
            "65795c0836d801e4e58d7d632e16ce0d7f9c5e83b826abf18674c4b37fd952527ecf05357c6dbe9a90669952")
    record = records.seal(b"alice@example.org", "email", "42", wid, 1)
    t.equal("record", record, "202122232425c0c1c2c3c4c5c6c7c8c9000000018a1d60ee1ceca8bd0855892d7213d96dbd9155ffb6"
            "d8fa7219f7c089160faad83a")
    # The first draft's record carried mode byte 1 with a row, which no ticket allows. It checks the AEAD call.
    draft = bytes.fromhex("202122232425c0c1c2c3c4c5c6c7c8c9000000018a1d60ee1ceca8bd0855892d7213d96dbd9ca1"
                          "f575fc6c27f796610ef421232647")
    key, nonce = records.writer(wid, 1)
    t.equal("draft record", aead_open(GCM, key, nonce, draft[20:], record_aad(1, b"email", b"42")),
            b"alice@example.org".hex())
    t.refused("draft record as a row record", "does-not-open", records.open, draft, "email", "42")
    t.equal("record opens", records.open(record, "email", "42"), b"alice@example.org".hex())


def verify_laws(t):
    """What the format promises, tried on small envelopes."""
    for bad in ("1817", "190017", "5f4100ff", "a201000100", "a202000100", "c000", "f90000", "f7", "61ff",
                "a1", "0000", "a1f600", "1c", "bf", "9b0000000100000000"):
        t.refused(f"CBOR {bad}", "format", dec, bytes.fromhex(bad))
    t.refused("CBOR nested 5", "limit", dec, bytes.fromhex("818181818100"))
    kek = {"kid": "local://kat", "version": "1", "key_hex": "77" * 32}
    spec = {"scheme": 1, "kid": "local://kat", "version": "1", "key": b"\x77" * 32, "salt": b"\x55" * 32}
    header, payload = seal(MESSAGE, GCM, b"hello", [spec], reserve=0, **KAT)
    header = bytes(header)
    data = header + payload
    t.equal("opens", open_envelope(data, [kek]).plaintext, b"hello".hex())
    t.equal("padded to 4096", len(header), 4096)
    small = b"".join(seal(MESSAGE, GCM, b"hello", [spec], **KAT))
    for at in range(len(small)):
        flipped = small[:at] + bytes([small[at] ^ 1]) + small[at + 1:]
        t.refused(f"byte {at} flipped", "format|limit|policy|does-not-open|caller", open_envelope, flipped, [kek])
        t.refused(f"cut at {at}", "format|does-not-open", open_envelope, small[:at], [kek])
    t.refused("one byte more", "does-not-open", open_envelope, small + b"\0", [kek])
    t.refused("two envelopes", "does-not-open", open_envelope, small + small, [kek])
    t.refused("attached as sidecar", "format", open_envelope, small, [kek], layout="detached", payload=b"")
    t.refused("other key", "caller", open_envelope, small, [dict(kek, kid="local://other")])
    t.refused("wrong key", "does-not-open", open_envelope, small, [dict(kek, key_hex="78" * 32)])
    t.refused("required pair differs", "policy", open_envelope, small, [kek], required={"purpose": "other"})
    t.refused("old header", "does-not-open", open_envelope, small, [kek], min_seq=1)
    outside = b"".join(seal(MESSAGE, GCM, b"hello", [spec], external={"tenant": "7"}, **KAT))
    t.equal("external pair", open_envelope(outside, [kek], required={"tenant": "7"}).plaintext, b"hello".hex())
    t.refused("external pair missing", "caller", open_envelope, outside, [kek])
    t.refused("external pair wrong", "does-not-open", open_envelope, outside, [kek], required={"tenant": "8"})
    full = b"".join(seal(MESSAGE, GCM, bytes(16384), [spec], **KAT))
    t.refused("whole chunks only", "does-not-open", open_envelope, full[:-16], [kek])
    verify_policy_laws(t, spec)
    verify_rewrap_laws(t, kek, spec, small)
    verify_quorum_laws(t)


def verify_policy_laws(t, spec):
    passphrase = {"scheme": 5, "kid": "passphrase:", "raw": (b"", b"\x33" * 32),
                  "params": {1: bytes(16), 2: 65536, 3: 1, 4: 1}}
    rsa = {"scheme": 2, "kid": "azure-kv://h/keys/k", "raw": (bytes(384), b"\x33" * 32), "params": {1: OAEP}}
    ml_kem = {"scheme": 3, "kid": "hpke:k", "raw": (bytes(1088), b"\x33" * 32), "params": {1: 0x0041}}
    for name, party, specs, floor in [
            ("passphrase with another", "policy", [spec, passphrase], None),
            ("RSA under floor 1", "policy", [spec, rsa], {1: 1}),
            ("bare ML-KEM under floor 2", "policy", [ml_kem], {1: 2}),
            ("single under a quorum floor", "policy", [spec], {2: 2}),
            ("unknown under a floor", "policy", [spec, {"keep": {1: 40}}], {1: 1}),
            ("empty version", "format", [dict(spec, version="")], None),
            ("scheme 6", "format", [{"keep": {1: 6}}], None),
            ("enc one short", "format", [dict(ml_kem, raw=(bytes(1087), b"\x33" * 32))], None),
            ("w too long", "limit", [dict(spec, raw=(bytes(8193), b"\x33" * 32))], None),
            ("argon2 memory", "limit", [dict(passphrase, params={1: bytes(16), 2: 1 << 31, 3: 1, 4: 1})], None),
            ("65 recipients", "limit", [spec] * 65, None)]:
        t.refused(name, party, seal, MESSAGE, GCM, b"", specs, floor=floor, **KAT)
    header, _ = seal(MESSAGE, GCM, b"", [spec] * 17, **KAT)
    t.refused("17 recipients", "limit", parse_header, header)
    seal(MESSAGE, GCM, b"", [ml_kem], floor={1: 1}, **KAT)


def verify_rewrap_laws(t, kek, spec, small):
    opened = open_envelope(small, [kek])
    unknown = {1: 40, 2: "x:y", 99: [b"\1", {"k": -1}]}
    second = dict(spec, kid="local://two", salt=b"\x56" * 32, level=1)
    header = rewrap(opened, [dict(spec, salt=b"\x57" * 32), second, {"keep": unknown}], payload_known=5)
    payload = small[opened.header.total:]
    again = open_envelope(header + payload, [dict(kek, kid="local://two")])
    t.equal("rewrapped, level 1", again.plaintext, b"hello".hex())
    t.ok("level 1 gives no DEK", again.dek is None)
    t.ok("seq and prev", again.header.mut[1] == 1 and again.header.mut[2] == opened.header.tag[:16])
    kept = rewrap(again, [{"keep": e} for e in again.header.mut[3]], payload_known=5)
    t.ok("unknown entry kept", parse_header(kept).mut[3][2] == unknown)
    t.equal("twice rewrapped", open_envelope(kept + payload, [kek], min_seq=2).plaintext, b"hello".hex())
    t.refused("entry spliced from another message of the DEK", "does-not-open", splice_case, kek, spec)


def splice_case(kek, spec):
    """A level-0 entry of another message under the same DEK opens its seal but not this TAG."""
    other = dict(KAT, message_id=seq_bytes(0x60, 32))
    a, payload = seal(MESSAGE, GCM, b"", [spec], **KAT)
    b, _ = seal(MESSAGE, GCM, b"", [dict(spec, salt=b"\x58" * 32)], **other)
    ha, hb = parse_header(a), parse_header(b)
    at = 32 + ha.lens[0]
    open_envelope(a[:at] + b[at:at + hb.lens[1]] + a[at + ha.lens[1]:] + payload, [kek])


def verify_quorum_laws(t):
    members = [{"scheme": 1, "kid": f"local://m{i}", "key": bytes([i]) * 32, "salt": bytes([0x60 + i]) * 32}
               for i in (1, 2, 3)]
    keks = [{"kid": m["kid"], "version": None, "key_hex": m["key"].hex()} for m in members]
    spec = {"qid": b"\x99" * 16, "coefficients": [b"\xab" * 32], "members": members}
    data = b"".join(seal(MESSAGE, GCM, b"two agree", [spec], floor={1: 2, 2: 2}, **KAT))
    for pair in combinations(keks, 2):
        t.equal("two of three", open_envelope(data, pair).plaintext, b"two agree".hex())
    for one in keks:
        t.refused("one of three", "does-not-open", open_envelope, data, [one])
    moved = rewrap_share(data, 0, 2, keks[1], dict(members[1], kid="local://new", salt=b"\x70" * 32))
    t.ok("share moved, TAG kept", parse_header(moved).tag == parse_header(data).tag and moved != data)
    new = dict(keks[1], kid="local://new")
    t.equal("moved share opens", open_envelope(moved, [keks[0], new]).plaintext, b"two agree".hex())
    t.refused("old place of the share", "does-not-open", open_envelope, moved, [keks[0], keks[1]])


def cmd_verify():
    t = Tally()
    for f in (verify_envelope_vector, verify_share_vector, verify_record_vectors, verify_akd_vectors,
              verify_golden_grant, verify_page, verify_laws, verify_hpke_vectors, verify_hybrid_laws):
        f(t)
    return t.report()


# ---------------------------------------------------------------- the vectors that docs/format.md prints

PAGE = Path(__file__).resolve().parents[2] / "docs" / "format.md"


def page_vectors():
    """Each line of the vector block of docs/format.md, computed."""
    kek, salt, kid = seq_bytes(0x40, 32), seq_bytes(0x60, 32), "local://kat"
    spec = {"scheme": 1, "kid": kid, "version": "1", "key": kek, "salt": salt}
    _, ids = kat_ids(MESSAGE)
    ms, b = ids.message_secret(KAT["dek"]), ids.binding(1, 0, kid)
    w_secret = expand(kek, ids.info("local", salt + b), 32)
    header, payload = seal(MESSAGE, GCM, b"hello", [spec], **KAT)
    h = parse_header(header)
    _, key, base, commitment = payload_keys(ids, ms)
    out = {"ctx_hash": ids.ctx_hash, "imm_hash": ids.imm_hash, "MS": ms, "MK": ids.mac_key(ms),
           "PK": ids.payload_key(ms), "B": b, "kat.W": w_secret, "kat.SK": ids.seal_key(w_secret, b),
           "kat.s": h.mut[3][0][5], "chunk.key": key, "chunk.base": base, "commitment": commitment,
           "kat.prelude": header[:32], "kat.IMM": header[32:100], "kat.MUT": header[100:h.tag_at],
           "kat.TAG": h.tag, "kat.payload": payload,
           "kat.file SHA-256": hashlib.sha256(header + payload).digest()}
    out["kat.journal SHA-512"] = journal(KAT["message_id"], len(header + payload), h.tag, header)[-64:]
    raw = dict(spec, raw=(b"\xee" * 40, b"\x22" * 32))
    header, payload = seal(MESSAGE, GCM, b"", [raw], **KAT)
    h = parse_header(header)
    out.update({"opaque.SK": ids.seal_key(b"\x22" * 32, b), "opaque.s": h.mut[3][0][5],
                "opaque.TAG": h.tag, "opaque.payload": payload,
                "opaque.file SHA-256 (322 bytes)": hashlib.sha256(header + payload).digest(),
                "B level 1": ids.binding(1, 1, kid), "hint": hint(KAT["dek_id"], kid),
                "KWP": keywrap.aes_key_wrap_with_padding(kek, b"\x22" * 32),
                "KW": keywrap.aes_key_wrap(kek, b"\x22" * 32),
                "Argon2id": argon2id(b"correct horse battery staple", seq_bytes(0xA0, 16), 65536, 1, 1)})
    qid, coefficient = seq_bytes(0xB0, 16), bytes(range(0xFF, 0xDF, -1))
    shares = [share_at(KAT["dek"], [coefficient], x) for x in (1, 2, 3)]
    commitments = [share_commitment(qid, x, s) for x, s in enumerate(shares, 1)]
    extra = share_extra(qid, 2, commitments, 1, 0)
    for x in (1, 2, 3):
        out[f"share_{x}"], out[f"c_{x}"] = shares[x - 1], commitments[x - 1]
    out.update({"C": extra[4], "bind.share1": ids.binding(1, 0, kid, extra),
                "record aad": record_aad(2, b"email", b"42")})
    for suite in (GCM, GCMSIV, DET):
        header, _ = seal(TICKET, suite, b"", [spec], labels={"ks1-mode": "row"}, **KAT)
        h = parse_header(header)
        records = Records(h.ids(), h.ids().message_secret(KAT["dek"]), "row")
        wid, name = seq_bytes(0xC0, 10), f"ticket {suite:04x}"
        if suite == GCM:
            out.update({"ticket IMM": header[32:32 + h.lens[0]], f"{name} imm_hash": h.imm_hash})
        out[f"{name} TAG"], out[f"{name} TS"] = h.tag, records.ts
        out[f"{name} " + ("key" if suite == DET else "WK||base")] = (
            expand(records.ts, h.ids().info("det"), 64) if suite == DET
            else expand(records.ts, h.ids().info("writer", wid), 44))
        out[f"{name} record"] = records.seal(b"alice@example.org", "email", "42", wid, 1)
    return {**out, **page_vectors_of_kems(ids, KAT["dek"])}


def printed_vectors():
    block, out, name = PAGE.read_text().split("```vectors\n")[1].split("```")[0], {}, None
    for line in block.splitlines():
        if not line.startswith(" "):
            name, line = line.split(" = ")
        out[name] = out.get(name, "") + line.strip()
    return out


def verify_page(t):
    computed, printed = page_vectors(), printed_vectors()
    t.ok("the page prints the same names", computed.keys() == printed.keys())
    for name, value in computed.items():
        t.equal(f"page: {name}", value, printed.get(name))
