# SPDX-License-Identifier: MIT OR Apache-2.0
"""Golden files and their manifest, for `ks1.py golden` and `ks1.py check`."""
import hashlib
import json
from itertools import combinations
from pathlib import Path

from kem import MLKEM512, MLKEM768, MLKEM768_P256, MLKEM1024, MLKEM1024_P384, X25519, XWING, thumbprint_kid
from ks1 import *

def drawn(name, what, n):
    """n bytes fixed by two names: SHA-512 in counter mode."""
    out = b""
    while len(out) < n:
        out += hashlib.sha512(f"KS1 golden 1|{name}|{what}|{len(out) // 64}".encode()).digest()
    return out[:n]


SUITE_NAME = {GCM: "gcm", GCMSIV: "gcmsiv", CHACHA: "chacha", DET: "det"}
KIND_NAME = {MESSAGE: "message", TICKET: "ticket", SECRET: "secret"}
GOLDEN_PASSPHRASE = "correct horse battery staple"


def member(name, scheme, kid, version=None, **more):
    """A recipient spec with all its random bytes drawn from the case's name and the kid."""
    spec = {"scheme": scheme, "kid": kid, "version": version, **more}
    if scheme == PASSPHRASE:
        return {**spec, "passphrase": GOLDEN_PASSPHRASE, "salt": drawn(name, kid + " salt", 16),
                "cost": (65536, 1, 1)}
    spec["key"] = drawn("kek", f"{kid}/{version}", 32)
    if scheme == WRAP_AAD:
        return {**spec, "salt": drawn(name, kid + " salt", 32)}
    return {**spec, "alg": more.get("alg", KWP), "W": drawn(name, kid + " W", 32)}


def local(name, **more):
    return member(name, WRAP_AAD, "local://golden", "1", **more)


def kwp(name, **more):
    return member(name, WRAP, "pkcs11:token=golden;object=kwp", **more)


def memory(name, **more):
    return member(name, WRAP_AAD, "memory://golden", "12", **more)


def passphrase(name, **more):
    return member(name, PASSPHRASE, "passphrase:golden", **more)


def secret_key(kem_id, kid, version):
    """A private key by its KEM. Scalars of the curves are a hash of the name: below the order but for a chance of 2^-32."""
    return drawn("kem", f"{kid}/{version}", KEMS[kem_id].secret_len)


def kem_key(name, kem_id, kid=None, version=None, **more):
    """A recipient spec of scheme 3: a key of some provider, or a public key in the clear, by its thumbprint."""
    sk = secret_key(kem_id, kid or f"public {kem_id:#06x}", version)
    pk = KEMS[kem_id].public(sk)
    kid = kid or thumbprint_kid(pk)
    return {"scheme": HPKE, "kid": kid, "version": version, "kem": kem_id, "key": sk, "pk": pk,
            "random": drawn(name, kid + " random", KEMS[kem_id].random_len), **more}


def hybrid(name, classical, pq, **more):
    return {"scheme": HYBRID, "kid": classical["kid"], "version": classical["version"], "classical": classical,
            "pq": pq, **more}


def quorum(name, k, members, level=0):
    return {"qid": drawn(name, "qid", 16), "level": level, "members": members,
            "coefficients": [drawn(name, f"coefficient {i}", 32) for i in range(1, k)]}


def listed_keks(specs):
    out = []
    for spec in specs:
        for s in spec.get("members", [spec] if "keep" not in spec else []):
            out.append(listed_kek(s))
    return out


def listed_kek(spec):
    common = {"kid": spec["kid"], "scheme": spec["scheme"], "version": spec["version"]}
    if spec["scheme"] == PASSPHRASE:
        return {**common, "passphrase": spec["passphrase"]}
    if spec["scheme"] == HYBRID:
        return {**common, "classical": listed_kek(spec["classical"]), "pq": listed_kek(spec["pq"])}
    kem = {"kem": spec["kem"]} if spec["scheme"] == HPKE else {}
    return {**common, **kem, "key_hex": spec["key"].hex()}


class Golden:
    def __init__(self, out):
        self.out, self.cases = Path(out), []
        self.out.mkdir(parents=True, exist_ok=True)

    def add(self, label, kind, suite, specs, plaintext=None, layout="attached", records=None, **more):
        if plaintext is None:
            plaintext = f"golden: {label}".encode()
        mode = {"labels": {**more.pop("labels", {}), "ks1-mode": records}} if kind == TICKET else {}
        args = dict(more, **mode, dek=drawn(label, "DEK", 32), dek_id=drawn(label, "dek_id", 16),
                    message_id=drawn(label, "message_id", 32), detached=layout == "detached")
        header, payload = seal(kind, suite, plaintext, specs, **args)
        return self.put(label, header, payload, specs, plaintext, layout, args)

    def put(self, name, header, payload, specs, plaintext, layout, args, extra_keks=()):
        h = parse_header(header)
        entry = {"name": name, "file": name + {"attached": ".ks1", "detached": ".bin.ksh", "ticket": ".kst"}[layout]}
        if layout == "detached":
            entry["payload_file"] = name + ".bin"
            (self.out / entry["payload_file"]).write_bytes(payload)
            payload = b""
        data = header + payload
        (self.out / entry["file"]).write_bytes(data)
        keks = [k for k in listed_keks(specs) + list(extra_keks)]
        entry.update(
            kind=h.kind, suite=h.suite, schemes=[e[1] for e in h.mut[3]], level=h.mut[3][0].get(7, 0),
            layout=layout, seq=h.mut[1], header_length=h.total, keks=keks,
            passphrase=GOLDEN_PASSPHRASE if any(k["scheme"] == PASSPHRASE for k in keks) else None,
            required_context=args.get("external") or {}, context=args.get("context") or {},
            labels={k: {"hex": v.hex()} if type(v) is bytes else v
                    for k, v in (args.get("labels") or {}).items()},
            logical_key=args.get("name"), floor={str(k): v for k, v in (args.get("floor") or {}).items()},
            mixed_passphrase=bool(args.get("mixed_passphrase")),
            quorum=[{"k": q[11], "n": len(q[12]), "members": [m["kid"] for m in s["members"]]}
                    for q, s in zip(h.quorums(), [s for s in specs if "members" in s])])
        if h.kind == TICKET:
            entry["records"] = self.records(name, h, header, entry)
        elif len(plaintext) <= 256:
            entry["plaintext_hex"] = plaintext.hex()
        else:
            entry.update(plaintext_sha256=hashlib.sha256(plaintext).hexdigest(), length=len(plaintext))
        entry["sha256"] = hashlib.sha256(data).hexdigest()
        entry["expect"] = "open"
        self.cases.append(entry)
        return entry

    def records(self, name, h, header, entry):
        opened = open_manifest_entry(entry, header, None, entry["keks"])
        sealer, out = Records.of(opened), []
        for i, plaintext in enumerate((b"alice@example.org", b"", drawn(name, "record", 40))):
            column = ["email", "kärnten", "x" * 40][i] if sealer.mode else None
            row = ["42", "r\N{SNOWMAN}", "2026-11-21T00:00:00Z"][i] if sealer.mode == 2 else None
            random = h.suite != DET
            wid = drawn(name, f"wid {i // 2}", 10) if random else None
            ctr = [1, 2, 2**32 - 1][i] if random else None
            record = sealer.seal(plaintext, column, row, wid, ctr)
            out.append({"column": column, "row": row, "plaintext_hex": plaintext.hex(),
                        "record_hex": record.hex(), "wid_hex": wid and wid.hex(), "ctr": ctr})
        return out

    def finish(self):
        manifest = {"format": "KS1", "made_by": "tests/oracle/ks1.py golden", "cases": self.cases}
        (self.out / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=True) + "\n")


def matrix(g):
    recipients = {"local": local, "kwp": kwp, "pass": passphrase}
    for kind in (MESSAGE, SECRET):
        for suite in sorted(SUITES_OF_KIND[kind]):
            for who, make in recipients.items():
                for level in (0, 1):
                    for layout in ("attached", "detached"):
                        name = f"{KIND_NAME[kind]}-{SUITE_NAME[suite]}-{who}-l{level}-{layout}"
                        g.add(name, kind, suite, [make(name, level=level)], layout=layout,
                              context={"purpose": "golden", "b": "1"})
    modes = {GCM: ("none", "column", "row"), GCMSIV: ("none", "column", "row"), DET: ("column", "row", "column")}
    for suite in sorted(SUITES_OF_KIND[TICKET]):
        for i, (who, make) in enumerate(recipients.items()):
            for level in (0, 1):
                mode = modes[suite][i]
                name = f"ticket-{SUITE_NAME[suite]}-{who}-l{level}-{mode}"
                g.add(name, TICKET, suite, [make(name, level=level)], layout="ticket", records=mode)


def singles(g):
    def case(label, specs, **more):
        return g.add(label, more.pop("kind", MESSAGE), more.pop("suite", GCM), specs, **more)

    case("any-of-three", [local("any-of-three"), kwp("any-of-three"), memory("any-of-three", level=1)])
    name = "wrap-kw"
    case(name, [member(name, WRAP, "kmip://hsm.example:5696/7f", "uid-7f", alg=KW)])
    name = "keyfile"
    case(name, [member(name, WRAP_AAD, "keyfile:backup")])
    case("hidden", [local("hidden", hidden=True), kwp("hidden")])
    case("hidden-only", [local("hidden-only", hidden=True, level=1)], layout="detached")
    case("external-context", [local("external-context")], context={"purpose": "golden"},
         external={"tenant": "7", "aa": "b"})
    case("external-only", [kwp("external-only")], external={"tenant": "7"}, layout="detached")
    case("context-order", [local("context-order")],
         context={"z": "1", "aa": "2", "b": "", "ünïcode": "snow \N{SNOWMAN}", "n" * 24: "v" * 300})
    case("labels", [local("labels")], labels={"trace": "00-4bf9", "raw": bytes(range(8)), "a": ""})
    case("logical-name", [local("logical-name")], name="payments.eu-1_a")
    case("floor-hedged", [local("floor-hedged"), kwp("floor-hedged")], floor={1: 2})
    case("floor-quorum", [quorum("floor-quorum", 2, [local("floor-quorum"), kwp("floor-quorum"),
                                                      memory("floor-quorum")])], floor={1: 1, 2: 2})
    name = "unknown-scheme-40"
    case(name, [{"keep": {1: 40, 2: "future:key", 99: [b"\1\2", {"deep": -7}, None, True]}}, local(name)])
    case("empty", [local("empty")], plaintext=b"")
    case("empty-secret", [local("empty-secret")], plaintext=b"", kind=SECRET, layout="detached")
    for n in (16383, 16384, 16385):
        case(f"chunk-{n}", [local(f"chunk-{n}")], plaintext=drawn("chunk", str(n), n),
             suite={16383: CHACHA, 16384: GCM, 16385: GCMSIV}[n])
    case("chunks-detached", [local("chunks-detached")], plaintext=drawn("chunk", "d", 2 * CHUNK + 5),
         layout="detached")
    case("padded-65536", [local("padded-65536")], plaintext=drawn("padded", "p", 65536))
    case("reserve-0", [local("reserve-0")], reserve=0)
    everything(case)


def everything(case):
    name = "everything"
    case(name, [quorum(name, 2, [local(name, hidden=True), kwp(name), memory(name)], level=1)],
         suite=GCMSIV, context={"purpose": "golden"}, external={"tenant": "7"}, labels={"trace": "t"},
         name="payments", floor={1: 2, 2: 2}, reserve=100)


def quorums(g):
    def five(name):
        return [local(name), kwp(name), memory(name), passphrase(name),
                member(name, WRAP_AAD, "keyfile:five")]

    for name, k, n, level, suite, kind, layout in [
            ("quorum-2-of-3", 2, 3, 0, GCM, MESSAGE, "attached"),
            ("quorum-2-of-3-detached", 2, 3, 1, CHACHA, MESSAGE, "detached"),
            ("quorum-3-of-5", 3, 5, 1, GCMSIV, SECRET, "attached"),
            ("quorum-2-of-2-ticket", 2, 2, 0, DET, TICKET, "ticket")]:
        g.add(name, kind, suite, [quorum(name, k, five(name)[:n], level)], layout=layout,
              records="column" if kind == TICKET else None)
    name = "two-quorums"
    first = quorum(name, 2, five(name)[:2])
    second = quorum(name + " b", 2, [memory(name), member(name, WRAP_AAD, "keyfile:five")])
    g.add(name, MESSAGE, GCM, [first, second])
    name = "quorum-beside-single"
    g.add(name, MESSAGE, GCM, [quorum(name, 2, five(name)[:2]), memory(name)])
    name = "share-moved"
    members = five(name)[:3]
    before = g.add(name, MESSAGE, GCM, [quorum(name, 2, members)])
    moved = {**member(name + " v1", WRAP_AAD, "local://golden", "2"), "share_version": 1}
    data = rewrap_share((g.out / before["file"]).read_bytes(), 0, 1, before["keks"][0], moved)
    h = parse_header(data)
    g.cases.pop()
    specs = [quorum(name, 2, [moved] + members[1:])]
    g.put(name, h.raw, data[h.total:], specs, bytes.fromhex(before["plaintext_hex"]), "attached", {})


def rewrapped(g):
    """Each pair: the file as sealed, and the same file after a rewrap."""
    for name, kind, layout, records in [("rewrap", MESSAGE, "attached", None),
                                        ("rewrap-detached", SECRET, "detached", None),
                                        ("rewrap-ticket", TICKET, "ticket", "row")]:
        specs = [local(name), kwp(name)]
        context = {"purpose": "golden"}
        before = g.add(name + "-seq0", kind, GCM, specs, layout=layout, records=records, context=context)
        data = (g.out / before["file"]).read_bytes()
        side = (g.out / before["payload_file"]).read_bytes() if layout == "detached" else None
        opened = open_manifest_entry(before, data, side, before["keks"][:1])
        fresh = [member(name + " v2", WRAP_AAD, "local://golden", "2"), kwp(name + " v2"),
                 memory(name + " v2", level=1)]
        payload = side if layout == "detached" else data[opened.header.total:]
        header = rewrap(opened, fresh, payload_known=len(opened.plaintext or b""), detached=layout == "detached")
        after = g.put(name + "-seq1", header, payload, fresh, opened.plaintext or b"", layout,
                      {"context": context, "labels": opened.header.imm.get(5)})
        if kind == TICKET:
            after["records"] = before["records"]              # sealed before the rewrap, open after it
    name = "rewrap-padded"
    before = g.add(name + "-seq0", MESSAGE, GCM, [local(name)], reserve=0)
    data = (g.out / before["file"]).read_bytes()
    opened = open_manifest_entry(before, data, None, before["keks"])
    fresh = [member(name + " v2", WRAP_AAD, "local://golden", "2")]
    header = rewrap(opened, fresh)
    assert len(header) == opened.header.total
    g.put(name + "-seq1", header, data[len(header):], fresh, opened.plaintext, "attached", {})


KEM_NAME = {XWING: "xwing", MLKEM768_P256: "mlkem768-p256", MLKEM1024_P384: "mlkem1024-p384", MLKEM512: "mlkem512",
            MLKEM768: "mlkem768", MLKEM1024: "mlkem1024", P256: "p256", X25519: "x25519"}


def public_keys(g):
    """Scheme 3: every KEM at both levels, attached and detached, and as a ticket."""
    context = {"purpose": "golden", "b": "1"}
    for kem_id, who in KEM_NAME.items():
        for level in (0, 1):
            for layout in ("attached", "detached"):
                name = f"message-gcm-hpke-{who}-l{level}-{layout}"
                g.add(name, MESSAGE, GCM, [kem_key(name, kem_id, level=level)], layout=layout, context=context)
    for kind, suite, level in [(MESSAGE, CHACHA, 0), (MESSAGE, GCMSIV, 1), (SECRET, GCM, 0), (SECRET, CHACHA, 1)]:
        name = f"{KIND_NAME[kind]}-{SUITE_NAME[suite]}-hpke-named-l{level}"
        g.add(name, kind, suite, [kem_key(name, XWING, "local://golden-xwing", "1", level=level)], context=context)
    for suite, records in ((GCM, "row"), (DET, "column")):
        name = f"ticket-{SUITE_NAME[suite]}-hpke-{records}"
        g.add(name, TICKET, suite, [kem_key(name, MLKEM768_P256)], layout="ticket", records=records)
    name = "hpke-hidden"
    g.add(name, MESSAGE, GCM, [kem_key(name, XWING, hidden=True), local(name)])


def hybrids(g):
    """Scheme 4: each classical half with each KEM, at both levels, attached and detached."""
    def bound_half(name):
        return local(name)

    def kw(name):
        return member(name, WRAP, "kmip://hsm.example:5696/7f", "uid-7f", alg=KW)

    def curve(name):
        return kem_key(name, P256, "gcp-kms://projects/p/locations/eu/keyRings/r/cryptoKeys/c", "1")

    context = {"purpose": "golden", "b": "1"}
    halves = {"kwp": kwp, "bound": bound_half, "kw": kw, "p256": curve}
    kems = {MLKEM768: None, MLKEM1024: "2", XWING: "1", MLKEM768_P256: None, MLKEM1024_P384: "7", MLKEM512: "1"}
    pairs = [(c, k) for k in (MLKEM768, XWING) for c in halves] + [("kwp", k) for k in kems if k not in (MLKEM768, XWING)]
    for who, kem_id in pairs:
        for level in (0, 1):
            for layout in ("attached", "detached"):
                name = f"message-gcm-hybrid-{who}-{KEM_NAME[kem_id]}-l{level}-{layout}"
                version = kems[kem_id]
                pq = kem_key(name, kem_id, version and f"local://golden-{KEM_NAME[kem_id]}", version)
                g.add(name, MESSAGE, GCM, [hybrid(name, halves[who](name), pq, level=level)], layout=layout,
                      context=context)
    for kind, suite, level in [(MESSAGE, CHACHA, 0), (MESSAGE, GCMSIV, 1), (SECRET, GCM, 1), (SECRET, CHACHA, 0)]:
        name = f"{KIND_NAME[kind]}-{SUITE_NAME[suite]}-hybrid-l{level}"
        g.add(name, kind, suite, [hybrid(name, kwp(name), kem_key(name, MLKEM768), level=level)], context=context)
    name = "ticket-gcm-hybrid-column"
    g.add(name, TICKET, GCM, [hybrid(name, kwp(name), kem_key(name, MLKEM768))], layout="ticket", records="column")
    name = "hybrid-hidden"
    pq = kem_key(name, XWING, "local://golden-xwing", "1")
    g.add(name, MESSAGE, GCM, [hybrid(name, local(name), pq, hidden=True)], floor={1: 2})
    name = "quorum-of-hybrids"
    members = [hybrid(name, kwp(name), kem_key(name, MLKEM768)), kem_key(name, XWING, "local://golden-xwing", "1"),
               hybrid(name, memory(name), kem_key(name, MLKEM1024, "local://golden-mlkem1024", "2"))]
    g.add(name, MESSAGE, GCM, [quorum(name, 2, members)], floor={1: 2, 2: 2})
    rewrapped_hybrid(g)


def rewrapped_hybrid(g):
    """Both halves under new versions."""
    name = "rewrap-hybrid"

    def spec(name, version):
        return hybrid(name, member(name, WRAP_AAD, "local://golden", version),
                      kem_key(name, XWING, "local://golden-xwing", version))

    before = g.add(name + "-seq0", MESSAGE, GCM, [spec(name, "1")], reserve=0)
    data = (g.out / before["file"]).read_bytes()
    opened = open_manifest_entry(before, data, None, before["keks"])
    fresh = [spec(name + " v2", "2")]
    header = rewrap(opened, fresh)
    g.put(name + "-seq1", header, data[opened.header.total:], fresh, opened.plaintext, "attached", {})


def cmd_golden(out):
    g = Golden(out)
    for f in (matrix, singles, quorums, rewrapped, public_keys, hybrids):
        f(g)
    g.finish()
    size = sum(p.stat().st_size for p in g.out.iterdir())
    print(f"{len(g.cases)} cases, {size} bytes in {out}")
    return cmd_check(out)


# ---------------------------------------------------------------- check

def open_manifest_entry(entry, data, payload, keks):
    keks = [dict(k, passphrase=k.get("passphrase") or entry.get("passphrase")) if k["scheme"] == PASSPHRASE
            else k for k in keks]
    required = {**(entry.get("context") or {}), **(entry.get("required_context") or {})}
    return open_envelope(data, keks, payload=payload, layout=entry["layout"], required=required,
                         min_seq=entry.get("min_seq"), max_recipients=HARD_RECIPIENTS,
                         mixed_passphrase=entry.get("mixed_passphrase", False))


def same_as_manifest(entry, opened):
    h = opened.header
    labels = {k: bytes.fromhex(v["hex"]) if type(v) is dict else v for k, v in (entry.get("labels") or {}).items()}
    if h.kind == TICKET:
        labels.setdefault("ks1-mode", h.imm[5]["ks1-mode"])
    elif "plaintext_hex" in entry:
        assert opened.plaintext.hex() == entry["plaintext_hex"], "plaintext differs"
    else:
        assert len(opened.plaintext) == entry["length"], "length differs"
        assert hashlib.sha256(opened.plaintext).hexdigest() == entry["plaintext_sha256"], "plaintext differs"
    assert (h.kind, h.suite) == (entry["kind"], entry["suite"]), "kind or suite differs"
    assert h.imm.get(5, {}) == labels, "labels differ"
    assert h.imm.get(3, {}) == (entry.get("context") or {}), "context differs"
    if "schemes" in entry:
        assert [e[1] for e in h.mut[3]] == entry["schemes"], "schemes differ"
    if "level" in entry:
        assert h.mut[3][0].get(7, 0) == entry["level"], "level differs"
    for r in entry.get("records") or []:
        same_record(Records.of(opened), r)


def same_record(records, r):
    record, plaintext = bytes.fromhex(r["record_hex"]), bytes.fromhex(r["plaintext_hex"])
    assert records.open(record, r["column"], r["row"]) == plaintext, "record plaintext differs"
    wid = bytes.fromhex(r["wid_hex"]) if r.get("wid_hex") else None
    assert records.seal(plaintext, r["column"], r["row"], wid, r.get("ctr")) == record, "record bytes differ"


def key_sets(entry):
    """The sets of KEKs that must open the file, and those that must not."""
    keks, quorums = entry["keks"], entry.get("quorum") or []
    quorums = [quorums] if type(quorums) is dict else quorums
    if not quorums:
        return [[k] for k in keks], []
    if len(quorums) > 1 or len(keks) != quorums[0]["n"]:
        return [keks], []
    k = quorums[0]["k"]
    return [list(c) for c in combinations(keks, k)], [list(c) for c in combinations(keks, k - 1)]


def check_entry(folder, entry):
    data = (folder / entry["file"]).read_bytes()
    payload = (folder / entry["payload_file"]).read_bytes() if entry.get("payload_file") else None
    if entry.get("expect", "open") != "open":
        try:
            open_manifest_entry(entry, data, payload, entry["keks"])
        except Ks1Error as e:
            assert e.party in entry["expect"].split("|"), f"failed as {e}"
            return 1
        raise AssertionError("opened, but must not")
    opens, fails = key_sets(entry)
    for keks in opens:
        same_as_manifest(entry, open_manifest_entry(entry, data, payload, keks))
    for keks in fails:
        try:
            open_manifest_entry(entry, data, payload, keks)
        except Ks1Error as e:
            assert e.party == "does-not-open", f"failed as {e}"
        else:
            raise AssertionError("opened with too few members")
    return len(opens) + len(fails)


def cmd_check(folder):
    folder = Path(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    if manifest.get("format") != "KS1":
        print("manifest is not KS1")
        return 1
    done = opens = failed = 0
    for entry in manifest["cases"]:
        try:
            opens += check_entry(folder, entry)
            done += 1
        except (Ks1Error, AssertionError, OSError, KeyError) as e:
            failed += 1
            print(f"FAILED {entry.get('name')}: {type(e).__name__} {e}")
    print(f"{done} files as expected, {failed} failed, {opens} opens")
    return 1 if failed or not done else 0
