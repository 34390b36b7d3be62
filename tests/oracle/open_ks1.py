#!/usr/bin/env python3
# SPDX-License-Identifier: MIT OR Apache-2.0
"""open_ks1.py FILE KEK_HEX: opens one KS1 file with nothing but docs/format.md at hand.

Needs: pip install cryptography cbor2. Reads an attached message of suite 0x0001 whose first recipient
is a local:// key and whose context is stored. It checks what keeps the plaintext honest (seal, TAG,
salt, commitment, chunks, length); the shape rules and caps of a full reader are left out.
"""
import hashlib, hmac, struct, sys
import cbor2
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

def hash32(label, x): return hashlib.sha512(b"keystrand/KS1/" + label + b"\0" + x).digest()[:32]
def expand(key, info, n=32): return HKDFExpand(SHA512(), n, info).derive(key)
def info(label, f=b""): return b"keystrand/KS1/" + label + b"\0" + b"\0\1" + b"\1" + f      # suite 1, kind 1
def check(ok): ok or sys.exit("does not open")

data, kek = open(sys.argv[1], "rb").read(), bytes.fromhex(sys.argv[2])
check(data[:12] == b"\x89KS1\r\n\x1a\n" + b"\1\0\0\1")
imm_len, mut_len, pad_len, shares_len = struct.unpack(">4I", data[12:28])
mut_at, tag_at = 32 + imm_len, 32 + imm_len + mut_len + pad_len
imm, r = cbor2.loads(data[32:mut_at]), cbor2.loads(data[mut_at:mut_at + mut_len])[3][0]
check(r[1] == 1 and r[2].startswith("local://") and 4 not in imm)

ctx_hash = hash32(b"context", cbor2.dumps(imm.get(3, {}), canonical=True))
b = hash32(b"bind", cbor2.dumps([1, r.get(7, 0), 1, 1, imm[2], imm[1] if 7 in r else None, ctx_hash, r[2], None]))
w = expand(kek, info(b"local", r[4] + b))
secret = AESGCM(expand(w, info(b"seal", b))).decrypt(bytes(12), r[5], None)
ms = secret if 7 in r else expand(secret, info(b"message", imm[2] + imm[1]))
mac = hmac.digest(expand(ms, info(b"header-mac"), 64), data[:tag_at], "sha512")
check(hmac.compare_digest(mac[:32], data[tag_at:tag_at + 32]))

payload, imm_hash = data[tag_at + 32 + shares_len:], hash32(b"immutable", data[:12] + data[32:mut_at])
keys = expand(expand(ms, info(b"payload")), b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + payload[:24] + imm_hash, 76)
check(payload[:56] == imm[1][:24] + keys[44:] and (len(payload) - 56) % 16400 >= 16)
nonce = int.from_bytes(keys[32:44], "big")
sys.stdout.buffer.write(b"".join(
    AESGCM(keys[:32]).decrypt((nonce ^ i).to_bytes(12, "big"), payload[at:at + 16400], None)
    for i, at in enumerate(range(56, len(payload), 16400))))
