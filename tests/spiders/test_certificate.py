"""Certificates are verified; Scrapy's default accepts any."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.spiders.child import make_crawl
from tests.spiders.server import WWW, Publisher


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Create a self-signed certificate for localhost, with its key in the same file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / "localhost.pem"
    path.write_bytes(private + signed.public_bytes(encoding))
    return path


@pytest.mark.parametrize(("is_trusted", "result"), [(True, "captured"), (False, "robots-unreachable")])
def test_a_page_is_fetched_only_with_a_valid_certificate(
    is_trusted: bool,  # noqa: FBT001
    result: str,
    certificate: Path,
    publisher: Publisher,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    publisher.socket = context.wrap_socket(publisher.socket, server_side=True)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    origins = {WWW: publisher.address.replace("http://127.0.0.1", "https://localhost")}
    crawl = make_crawl(tmp_path, urls=(f"{WWW}/fine",), origins=origins, retry_count=0)
    assert crawl.run().returncode == 0
    line = crawl.read_lines()[f"{WWW}/fine"]
    assert line.result.value == result
    assert ("certificate verify failed" in (line.error or "")) is not is_trusted
