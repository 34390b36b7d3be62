"""Makes keys and certificates of algorithms that OpenSSL 3.0 does not have: keys.py FOLDER. Prints what it made."""
import datetime
import sys
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, mldsa, mlkem, x448
from cryptography.x509.oid import NameOID

folder = Path(sys.argv[1])


def private(name, key):
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    put(name, pem)


def public(name, key):
    put(name, key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))


def put(name, content):
    path = folder / name
    path.write_bytes(content)
    path.chmod(0o600)
    print(name)


private("mlkem768.pem", mlkem.MLKEM768PrivateKey.generate())
public("mlkem1024.pub.pem", mlkem.MLKEM1024PrivateKey.generate())
private("mldsa65.pem", mldsa.MLDSA65PrivateKey.generate())
public("mldsa87.pub.pem", mldsa.MLDSA87PrivateKey.generate())
private("x448.pem", x448.X448PrivateKey.generate())

signer = ec.generate_private_key(ec.SECP384R1())
leaf = ec.generate_private_key(ec.SECP256R1())
subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "agree.example")])
issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An issuer")])
start = datetime.datetime(2026, 1, 2, 3, 4, 5)
builder = (
    x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(leaf.public_key())
    .serial_number(7).not_valid_before(start).not_valid_after(start + datetime.timedelta(days=3650))
    .add_extension(x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=True, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False), True))
put("agree.der", builder.sign(signer, hashes.SHA384()).public_bytes(serialization.Encoding.DER))
try:
    made = mldsa.MLDSA65PrivateKey.generate()
    signed = builder.sign(made, None)
    put("pq-signed.pem", signed.public_bytes(serialization.Encoding.PEM))
except (TypeError, ValueError):
    pass  # not every version signs certificates with it
