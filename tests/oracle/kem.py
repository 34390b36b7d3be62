# SPDX-License-Identifier: MIT OR Apache-2.0
"""KEMs by HPKE KEM id (RFC 9180 7.1, draft-ietf-hpke-pq) and the HPKE key schedule, for schemes 3 and 4.

Encapsulation takes its random bytes from the caller, so that golden files come out the same on every run. ML-KEM
encapsulates by `kyber-py` and decapsulates by the OpenSSL of `cryptography` (kyber-py alone for ML-KEM-512, which that
package leaves out): each envelope made and opened here compares two implementations of FIPS 203.
"""
import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.asymmetric import ec, mlkem, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from kyber_py.ml_kem import ML_KEM_512, ML_KEM_768, ML_KEM_1024

P256, P384, X25519 = 0x0010, 0x0011, 0x0020
MLKEM512, MLKEM768, MLKEM1024 = 0x0040, 0x0041, 0x0042
MLKEM768_P256, MLKEM1024_P384, XWING = 0x0050, 0x0051, 0x647A


class Ecdh:
    """A NIST curve; private keys are big-endian scalars, public keys uncompressed points."""

    def __init__(self, curve, scalar_len):
        self.curve, self.scalar_len = curve, scalar_len

    def private(self, scalar):
        return ec.derive_private_key(int.from_bytes(scalar, "big"), self.curve)

    def public(self, scalar):
        return self.private(scalar).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def dh(self, scalar, point):
        return self.private(scalar).exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(self.curve, point))


class Montgomery:
    """X25519 (RFC 7748). An all-zero result is refused by the library."""
    scalar_len = 32

    @staticmethod
    def public(scalar):
        return x25519.X25519PrivateKey.from_private_bytes(scalar).public_key().public_bytes_raw()

    @staticmethod
    def dh(scalar, point):
        peer = x25519.X25519PublicKey.from_public_bytes(point)
        return x25519.X25519PrivateKey.from_private_bytes(scalar).exchange(peer)


class DhKem:
    """RFC 9180 4.1. A private key is the group's scalar; `random` is the ephemeral one."""

    def __init__(self, kem_id, group, digest):
        self.suite_id, self.group, self.digest = b"KEM" + struct.pack(">H", kem_id), group, digest
        self.random_len = self.secret_len = group.scalar_len

    def public(self, sk):
        return self.group.public(sk)

    def encapsulate(self, pk, random):
        enc = self.group.public(random)
        return enc, self.extract_and_expand(self.group.dh(random, pk), enc + pk)

    def decapsulate(self, sk, enc):
        return self.extract_and_expand(self.group.dh(sk, enc), enc + self.public(sk))

    def extract_and_expand(self, dh, context):
        prk = labeled_extract(self.digest, self.suite_id, b"", b"eae_prk", dh)
        return labeled_expand(self.digest, self.suite_id, prk, b"shared_secret", context, self.group.scalar_len)


class MlKem:
    """FIPS 203. A private key is the 64-byte seed d || z; `random` is m."""
    random_len, secret_len = 32, 64

    def __init__(self, kyber, openssl):
        self.kyber, self.openssl = kyber, openssl

    def public(self, seed):
        return self.kyber.key_derive(seed)[0]

    def encapsulate(self, ek, random):
        ss, ct = self.kyber._encaps_internal(ek, random)
        return ct, ss

    def decapsulate(self, seed, ct):
        if self.openssl:
            return self.openssl.from_seed_bytes(seed).decapsulate(ct)
        return self.kyber.decaps(self.kyber.key_derive(seed)[1], ct)


class Combined:
    """ML-KEM and a group under one SHA3-256 (draft-irtf-cfrg-concrete-hybrid-kems; X-Wing). A private key is a 32-byte
    seed; `random` is m, then the ephemeral scalar."""
    secret_len = 32

    def __init__(self, pq, group, label):
        self.pq, self.group, self.label = pq, group, label
        self.random_len = 32 + group.scalar_len

    def halves(self, seed):
        """SHAKE256 gives d || z, then the scalar. A scalar outside the group's order has a chance of 2^-32 on P-256
        and less elsewhere, and is refused by the library: draw another seed."""
        wide = hashlib.shake_256(seed).digest(64 + self.group.scalar_len)
        return wide[:64], wide[64:]

    def public(self, seed):
        pq, scalar = self.halves(seed)
        return self.pq.public(pq) + self.group.public(scalar)

    def encapsulate(self, pk, random):
        pq_len = len(pk) - len(self.group.public(random[32:]))
        ct, ss_pq = self.pq.encapsulate(pk[:pq_len], random[:32])
        ephemeral = self.group.public(random[32:])
        return ct + ephemeral, self.combine(ss_pq, self.group.dh(random[32:], pk[pq_len:]), ephemeral, pk[pq_len:])

    def decapsulate(self, seed, enc):
        pq, scalar = self.halves(seed)
        own = self.group.public(scalar)
        ct, ephemeral = enc[:-len(own)], enc[-len(own):]
        return self.combine(self.pq.decapsulate(pq, ct), self.group.dh(scalar, ephemeral), ephemeral, own)

    def combine(self, ss_pq, ss_t, ct_t, ek_t):
        return hashlib.sha3_256(ss_pq + ss_t + ct_t + ek_t + self.label).digest()


ML_KEM = {MLKEM512: MlKem(ML_KEM_512, None), MLKEM768: MlKem(ML_KEM_768, mlkem.MLKEM768PrivateKey),
          MLKEM1024: MlKem(ML_KEM_1024, mlkem.MLKEM1024PrivateKey)}
KEMS = {
    P256: DhKem(P256, Ecdh(ec.SECP256R1(), 32), "sha256"),
    P384: DhKem(P384, Ecdh(ec.SECP384R1(), 48), "sha384"),
    X25519: DhKem(X25519, Montgomery, "sha256"),
    **ML_KEM,
    MLKEM768_P256: Combined(ML_KEM[MLKEM768], Ecdh(ec.SECP256R1(), 32), b"MLKEM768-P256"),
    MLKEM1024_P384: Combined(ML_KEM[MLKEM1024], Ecdh(ec.SECP384R1(), 48), b"MLKEM1024-P384"),
    XWING: Combined(ML_KEM[MLKEM768], Montgomery, b"\\.//^\\"),
}
KDF_OF_KEM = {kem: 2 if kem in (P384, MLKEM1024, MLKEM1024_P384) else 1 for kem in KEMS}
KDF_DIGEST = {1: "sha256", 2: "sha384"}


# ---------------------------------------------------------------- HPKE

def extract(digest, salt, ikm):
    return hmac.digest(salt or bytes(hashlib.new(digest).digest_size), ikm, digest)


def expand(digest, prk, info, length):
    out, block = b"", b""
    while len(out) < length:
        block = hmac.digest(prk, block + info + bytes([len(out) // hashlib.new(digest).digest_size + 1]), digest)
        out += block
    return out[:length]


def labeled_extract(digest, suite_id, salt, label, ikm):
    return extract(digest, salt, b"HPKE-v1" + suite_id + label + ikm)


def labeled_expand(digest, suite_id, prk, label, info, length):
    return expand(digest, prk, struct.pack(">H", length) + b"HPKE-v1" + suite_id + label + info, length)


def base_schedule(kem, kdf, aead, shared_secret, info, key_len=32):
    """Key and base nonce of mode Base (RFC 9180 5.1): the first and only message uses the nonce as it is."""
    digest, suite_id = KDF_DIGEST[kdf], b"HPKE" + struct.pack(">HHH", kem, kdf, aead)
    context = (b"\0" + labeled_extract(digest, suite_id, b"", b"psk_id_hash", b"")
               + labeled_extract(digest, suite_id, b"", b"info_hash", info))
    secret = labeled_extract(digest, suite_id, shared_secret, b"secret", b"")
    return (labeled_expand(digest, suite_id, secret, b"key", context, key_len),
            labeled_expand(digest, suite_id, secret, b"base_nonce", context, 12))


def thumbprint_kid(public_key):
    """How an envelope names a public key."""
    from base64 import urlsafe_b64encode
    return "hpke:" + urlsafe_b64encode(hashlib.sha512(public_key).digest()[:32]).rstrip(b"=").decode()
