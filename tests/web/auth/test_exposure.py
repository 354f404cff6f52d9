"""Where the page may listen."""

import dataclasses
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from protocol.web_settings import WebSettings
from web.auth.exposure import Exposed, check_exposure, is_loopback, tls_of

PLAIN = WebSettings(users_file="")
TLS = {"tls_cert_file": "cert.pem", "tls_key_file": "key.pem"}


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True),
     ("0.0.0.0", False), ("::", False), ("192.168.1.5", False), ("floor.example", False),
     ("", False), ("127.0.0.1.example", False)],
)  # fmt: skip
def test_only_this_machine_reaches_loopback(host: str, is_ours: bool) -> None:
    assert is_loopback(host) is is_ours


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_on_loopback_nothing_is_needed(host: str) -> None:
    check_exposure(dataclasses.replace(PLAIN, host=host))


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "wanted a user .*and web.tls_cert_file"),
        ({"password": "long enough"}, "wanted web.tls_cert_file and web.tls_key_file, or"),
        (TLS, "wanted a user .*, or web.trust_network"),
    ],
)
def test_elsewhere_users_and_tls_are_needed(given: dict[str, str], missing: str) -> None:
    for host in ("0.0.0.0", "::", "192.168.1.5", "floor.example"):
        with pytest.raises(Exposed, match=missing):
            check_exposure(dataclasses.replace(PLAIN, host=host, **given))


def test_elsewhere_users_and_tls_or_the_flag_are_enough() -> None:
    check_exposure(dataclasses.replace(PLAIN, host="0.0.0.0", password="long enough", **TLS))
    check_exposure(dataclasses.replace(PLAIN, host="0.0.0.0", trust_network=True))


@pytest.mark.parametrize("name", list(TLS))
def test_half_a_certificate_is_refused(name: str) -> None:
    with pytest.raises(Exposed, match="found one, wanted both"):
        check_exposure(dataclasses.replace(PLAIN, **{name: "file.pem"}))


def test_a_certificate_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(Exposed, match="cert.pem"):
        tls_of(dataclasses.replace(PLAIN, **TLS))
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("nonsense")
    with pytest.raises(Exposed, match="cert.pem"):
        tls_of(with_tls(tmp_path))
    assert tls_of(PLAIN) is None


def with_tls(directory: Path, **more: object) -> WebSettings:
    """Return settings with the certificate of a directory."""
    files = {name: str(directory / path) for name, path in TLS.items()}
    return dataclasses.replace(PLAIN, **files, **more)  # type: ignore[arg-type]


def make_certificate(directory: Path) -> None:
    """Write a certificate for this machine and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    own = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(),
        now - timedelta(days=1), now + timedelta(days=1),
    ).add_extension(own, critical=False)  # fmt: skip
    certificate = made.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    (directory / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (directory / "key.pem").write_bytes(key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))  # fmt: skip
