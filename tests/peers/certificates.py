"""Throw-away certificates, made when the tests run. No key here may protect anything, and none may be committed."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# What the certificates of stations must name, and the gateway is told to ask for.
ORGANISATION = "Example CSO"
LIFE = timedelta(days=2)


@dataclass(frozen=True)
class Files:
    """A certificate and its key, as PEM files."""

    chain: Path
    key: Path


class Authority:
    """A root that issues certificates into a folder."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} root")])
        builder = starting(subject, subject, self.key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(usages(key_cert_sign=True, crl_sign=True), critical=True)
        self.certificate = builder.sign(self.key, hashes.SHA256())
        self.anchor = folder / f"{name}-root.pem"
        self.anchor.write_bytes(pem(self.certificate))

    def server(self, name="server", key=None):
        """A server on this machine's loopback address."""
        alternatives = [x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("localhost")]
        return self.issue(name, "localhost", ExtendedKeyUsageOID.SERVER_AUTH, alternatives, key)

    def client(self, name, file=None):
        """A client: a station, or the gateway before a management system."""
        return self.issue(file or name, name, ExtendedKeyUsageOID.CLIENT_AUTH, [], None)

    def issue(self, file, name, purpose, alternatives, key):
        key = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
                x509.NameAttribute(NameOID.COMMON_NAME, name),
            ]
        )
        builder = starting(subject, self.certificate.subject, key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(usages(digital_signature=True), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        files = Files(self.folder / f"{self.name}-{file}.pem", self.folder / f"{self.name}-{file}.key")
        files.chain.write_bytes(pem(certificate))
        files.key.touch(mode=0o600)
        files.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return files

    def revocations(self):
        """A revocation list that revokes nobody."""
        now = datetime.now(timezone.utc)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.certificate.subject)
        builder = builder.last_update(now - LIFE).next_update(now + LIFE)
        builder = builder.add_extension(x509.CRLNumber(1), critical=False)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(identifier, critical=False)
        file = self.folder / f"{self.name}.crl"
        file.write_bytes(pem(builder.sign(self.key, hashes.SHA256())))
        return file


class World:
    """Who trusts whom: stations and management systems know the gateway, and it knows them, by different roots."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.stations = Authority(folder, "stations")
        self.stations_crl = self.stations.revocations()
        self.gateways = Authority(folder, "gateways")
        self.gateway = [
            self.gateways.server("ecdsa"),
            self.gateways.server("rsa", rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        ]
        self.gateway_client = self.gateways.client("gateway")
        self.csms_root = Authority(folder, "csms")
        self.csms = self.csms_root.server()


def signing_request(name):
    """What a station of this name asks to be signed, as PEM text."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return pem(builder.sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())).decode("ascii")


def starting(subject, issuer, public_key):
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now - LIFE).not_valid_after(now + LIFE)


def usages(**given):
    kinds = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment"]
    kinds += ["key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{kind: given.get(kind, False) for kind in kinds})


def pem(thing):
    return thing.public_bytes(serialization.Encoding.PEM)
