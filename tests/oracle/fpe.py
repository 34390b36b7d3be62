#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Oracle of docs/fpe.md: FF1, derivation of keys and tweaks, and data types, sharing no code with the crates.

Needs pip packages: `cryptography`, for AES alone. It is slow and made to be compared with, not to protect anything.

  fpe.py verify     checks NIST's samples, then tests/golden/fpe.json
  fpe.py golden     writes tests/golden/fpe.json (same bytes on every run)
"""
import base64
import datetime
import hashlib
import hmac
import json
import re
import sys
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

FILE = Path(__file__).resolve().parent.parent / "golden/fpe.json"
DIGITS = "0123456789"
LOWER = "abcdefghijklmnopqrstuvwxyz"
UPPER = LOWER.upper()


def aes(key, block):
    return Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(block)


def ff1(key, radix, tweak, numerals, encrypt=True):
    """SP 800-38G, algorithms 7 and 8, step by step."""
    number = lambda x: sum(d * radix ** i for i, d in enumerate(reversed(x)))
    n, t = len(numerals), len(tweak)
    u, v = n // 2, n - n // 2
    a, b = list(numerals[:u]), list(numerals[u:])
    size = ((radix ** v - 1).bit_length() + 7) // 8
    d = 4 * ((size + 3) // 4) + 4
    p = bytes([1, 2, 1]) + radix.to_bytes(3, "big") + bytes([10, u % 256]) + n.to_bytes(4, "big") + t.to_bytes(4, "big")
    for i in range(10) if encrypt else range(9, -1, -1):
        half = number(b if encrypt else a)
        q = tweak + bytes(-(t + size + 1) % 16) + bytes([i]) + half.to_bytes(size, "big")
        r = bytes(16)
        for at in range(0, 16 + len(q), 16):
            r = aes(key, bytes(x ^ y for x, y in zip(r, (p + q)[at:at + 16])))
        s = r
        for j in range(1, (d + 15) // 16):
            s += aes(key, bytes(x ^ y for x, y in zip(r, j.to_bytes(16, "big"))))
        y = int.from_bytes(s[:d], "big")
        m = u if i % 2 == 0 else v
        c = (number(a) + y if encrypt else number(b) - y) % radix ** m
        c = [c // radix ** k % radix for k in range(m - 1, -1, -1)]
        a, b = (b, c) if encrypt else (c, a)
    return a + b


def below(key, size, tweak, rank):
    """A permutation of the numbers below a size: FF1 over bits until the result is one."""
    bits = (size - 1).bit_length()
    while True:
        numerals = ff1(key, 2, tweak, [rank >> k & 1 for k in range(bits - 1, -1, -1)])
        rank = sum(bit << k for k, bit in enumerate(reversed(numerals)))
        if rank < size:
            return rank


def expand(secret, info, length):
    """HKDF-Expand (RFC 5869 2.3) with SHA-512, one block."""
    return hmac.new(secret, info + b"\1", hashlib.sha512).digest()[:length]


def derived(secret, use, template, length=32):
    return expand(secret, b"keystrand/fpe/1/" + use + b"\0" + template.encode(), length)


def tweak_of(case):
    if "tweak" in case:
        return case["tweak"].encode()
    kind = {type(None): 0, int: 1, str: 2}[type(case["row"])]
    parts = b"keystrand/fpe/1/tweak" + bytes([kind])
    for name in (case["table"], case["column"]):
        parts += len(name.encode()).to_bytes(8, "big") + name.encode()
    row = case["row"]
    own = b"" if row is None else row.to_bytes(8, "big") if kind == 1 else row.encode()
    return hashlib.sha512(parts).digest()[:16] + own


class Mixed(dict):
    """Places of a type that has several alphabets, even where a value needs but one."""


def symbols(key, tweak, text, places):
    """Text with the symbols at some places encrypted; `places` gives the alphabet of each."""
    alphabets = list(places.values())
    found = [alphabet.index(text[at]) for at, alphabet in places.items()]
    if not isinstance(places, Mixed):
        found = ff1(key, len(alphabets[0]), tweak, found)
    else:
        rank, size = 0, 1
        for numeral, alphabet in zip(found, alphabets):
            rank, size = rank * len(alphabet) + numeral, size * len(alphabet)
        rank = below(key, size, tweak, rank)
        for k in range(len(found) - 1, -1, -1):
            rank, found[k] = divmod(rank, len(alphabets[k]))
    out = list(text)
    for (at, alphabet), numeral in zip(places.items(), found):
        out[at] = alphabet[numeral]
    return "".join(out)


def luhn(digits):
    return sum(d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(reversed(digits))) % 10


def card(key, tweak, text, first, last, wanted):
    at = [i for i, c in enumerate(text) if c in DIGITS]
    check = None if wanted is None else at[len(at) - last - 1]
    free = [i for i in at[first:len(at) - last] if i != check]
    out = symbols(key, tweak, text, {i: DIGITS for i in free})
    if check is None:
        return out
    for digit in DIGITS:
        changed = out[:check] + digit + out[check + 1:]
        if luhn([int(changed[i]) for i in at]) == wanted:
            return changed


def iban(key, tweak, text, keep):
    at = [i for i, c in enumerate(text) if c != " "]
    out = symbols(key, tweak, text, Mixed({i: DIGITS if text[i] in DIGITS else UPPER for i in at[4 + keep:]}))
    plain = [out[i] for i in at]
    number = "".join(str(int(c, 36)) for c in plain[4:] + plain[:2]) + "00"
    check = f"{98 - int(number) % 97:02}"
    out = list(out)
    out[at[2]], out[at[3]] = check
    return "".join(out)


def uuid(key, tweak, text):
    places = Mixed({i: DIGITS + "abcdef" for i, c in enumerate(text) if c != "-" and i != 14})
    places[19] = "89ab"
    return symbols(key, tweak, text, places)


def pattern(key, tweak, text, regex, alphabet, several=False):
    """`alphabet` of a character is given by where it stands: by the classes of the pattern, written out by hand."""
    match = re.fullmatch(regex, text)
    places = Mixed() if several else {}
    for group in range(1, match.re.groups + 1):
        for i in range(*match.span(group)):
            places[i] = alphabet(text, i)
    return symbols(key, tweak, text, places)


def number(key, tweak, first, last, rank):
    return first + below(key, last - first + 1, tweak, rank - first)


def date(key, tweak, text):
    day = lambda text: datetime.date.fromisoformat(text).toordinal()
    return datetime.date.fromordinal(number(key, tweak, day("0001-01-01"), day("9999-12-31"), day(text))).isoformat()


def moment(key, tweak, text):
    epoch = datetime.datetime(1970, 1, 1)
    seconds = lambda text: int((datetime.datetime.fromisoformat(text) - epoch).total_seconds())
    got = number(key, tweak, seconds("1900-01-01T00:00:00"), seconds("2099-12-31T23:59:59"), seconds(text))
    return (epoch + datetime.timedelta(seconds=got)).isoformat()


def decimal(key, tweak, text):
    got = number(key, tweak, -999999, 999999, int(text.replace(".", "")))
    return f"{'-' if got < 0 else ''}{abs(got) // 100}.{abs(got) % 100:02}"


DIGITS_UPPER = DIGITS + UPPER
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
UMLAUTS = "äöüßéèê"
# Template, a value, and what makes its token. Templates are written in full.
TYPES = [
    ("pan:bin=6,last=0,luhn=keep,length=13-19", "4111 1111 1111 1111", lambda k, t, v: card(k, t, v, 6, 0, 0)),
    ("pan:bin=0,last=4,luhn=keep,length=16", "5500005555555559", lambda k, t, v: card(k, t, v, 0, 4, 0)),
    ("pan:bin=4,last=4,luhn=break,length=16", "4111111111111111", lambda k, t, v: card(k, t, v, 4, 4, 5)),
    ("pan:bin=6,last=4,luhn=ignore,length=16", "4111111111111112", lambda k, t, v: card(k, t, v, 6, 4, None)),
    ("ssn", "078-05-1120", lambda k, t, v: card(k, t, v, 0, 0, None)),
    ("phone:keep=1,length=8-15", "+1 (212) 555-0123", lambda k, t, v: card(k, t, v, 1, 0, None)),
    ("digits:first=2,last=2,length=10-32", "12/345678-901234567890123456789012", lambda k, t, v: card(k, t, v, 2, 2, None)),
    ("email", "alice.liddell+x2@Example.org", lambda k, t, v: symbols(
        k, t, v, {i: DIGITS + LOWER for i, c in enumerate(v.rsplit("@", 1)[0]) if c in DIGITS + LOWER})),
    ("iban:keep=0", "DE89 3704 0044 0532 0130 00", lambda k, t, v: iban(k, t, v, 0)),
    ("iban:keep=4", "GB29NWBK60161331926819", lambda k, t, v: iban(k, t, v, 4)),
    ("uuid", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6", uuid),
    ("date:from=0001-01-01,to=9999-12-31", "2026-11-22", date),
    ("datetime:from=1900-01-01T00:00:00,to=2099-12-31T23:59:59", "2026-11-22T06:39:21", moment),
    ("integer:min=-500000,max=700000", "77", lambda k, t, v: str(number(k, t, -500000, 700000, int(v)))),
    ("decimal:min=-9999.99,max=9999.99", "-12.30", decimal),
    ("text:alphabet=printable,least=4", "Hello, World! It is I: \"me\" ~", lambda k, t, v: symbols(
        k, t, v, {i: PRINTABLE for i in range(len(v))})),
    ("text:alphabet=printable,least=4", PRINTABLE, lambda k, t, v: symbols(
        k, t, v, {i: PRINTABLE for i in range(len(v))})),
    ("regex:([A-Z]\\d{6})", "A123456", lambda k, t, v: pattern(
        k, t, v, r"([A-Z]\d{6})", lambda v, i: DIGITS if i else UPPER, True)),
    ("regex@alphanumeric-upper:[A-Z]{2}([A-Z0-9]{7})", "ABC1D2E3F", lambda k, t, v: pattern(
        k, t, v, r"[A-Z]{2}([A-Z0-9]{7})", lambda v, i: DIGITS_UPPER)),
    ("regex@numeric:(\\d{4})-(\\d{4})-(\\d{4})-(\\d{4})", "1111-2222-3333-4444", lambda k, t, v: pattern(
        k, t, v, r"(\d{4})-(\d{4})-(\d{4})-(\d{4})", lambda v, i: DIGITS)),
    (f"regex@=7:{UMLAUTS}:x([^y]{{8,}})y?", "xäöüßéèêäy", lambda k, t, v: pattern(
        k, t, v, r"x([^y]{8,})y?", lambda v, i: UMLAUTS)),
]
PLACES = [
    {"tweak": "t-17"},
    {"table": "orders", "column": "card", "row": None},
    {"table": "orders", "column": "card", "row": 17},
    {"table": "orders", "column": "card", "row": "an id of a row that is longer than a block"},
]
SAMPLES = [
    (16, 10, b"", "0123456789", "2433477484"),
    (16, 10, b"9876543210", "0123456789", "6124200773"),
    (16, 36, b"7777pqrs777", "0123456789abcdefghi", "a9tv40mll9kdu509eum"),
    (24, 10, b"", "0123456789", "2830668132"),
    (24, 10, b"9876543210", "0123456789", "2496655549"),
    (24, 36, b"7777pqrs777", "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"),
    (32, 10, b"", "0123456789", "6657667009"),
    (32, 10, b"9876543210", "0123456789", "1001623463"),
    (32, 36, b"7777pqrs777", "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"),
]


def cases():
    secret = bytes(range(32))
    for template, value, make in TYPES:
        key = derived(secret, b"ff1", template)
        for place in PLACES:
            case = {"method": "ff1", "template": template, "secret": secret.hex(), **place, "value": value}
            yield {**case, "token": make(key, tweak_of(case), value)}
    for template in ("", "ssn"):
        case = {"template": template, "secret": secret.hex(), **PLACES[2], "value": "078-05-1120"}
        tweak, value = tweak_of(case), case["value"].encode()
        siv = AESSIV(derived(secret, b"siv", template, 64)).encrypt(value, [tweak])
        yield {"method": "siv", **case, "token": base64url(siv)}
        key = derived(secret, b"hmac", template, 64)
        mac = hmac.new(key, len(tweak).to_bytes(8, "big") + tweak + value, hashlib.sha512).digest()[:32]
        yield {"method": "hmac", **case, "token": base64url(mac)}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def text():
    return json.dumps({"cases": list(cases())}, indent=1, ensure_ascii=False) + "\n"


def verify():
    passed = failed = 0
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3cef4359d8d580aa4f7f036d6f04fc6a94")
    for key_len, radix, tweak, plain, token in SAMPLES:
        numerals = [int(c, 36) for c in plain]
        got = ff1(key[:key_len], radix, tweak, numerals)
        good = got == [int(c, 36) for c in token] and ff1(key[:key_len], radix, tweak, got, False) == numerals
        passed, failed = passed + good, failed + (not good)
    written = json.loads(FILE.read_text())["cases"]
    for made, case in zip(cases(), written, strict=True):
        if made != case:
            print(f"FAILED {case['method']} {case['template']}")
        passed, failed = passed + (made == case), failed + (made != case)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def main(arguments):
    if arguments == ["verify"]:
        return verify()
    if arguments == ["golden"]:
        FILE.write_text(text())
        return 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
