"""The cache over TLS: the certificate has to be one that the machine trusts."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from functions.shared.cache.breaker import Cache, Limits
from functions.shared.cache.resp import ConnectionLostError, Dialer
from tests.functions.support.certificates import certificate
from tests.functions.support.faults import Answering


def server(public: Path, private: Path) -> Answering:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    return Answering(b"+OK\r\n", context)


def test_a_trusted_server_gets_password_and_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public, private = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(public))
    with server(public, private) as port:
        cache = Cache(Dialer("127.0.0.1", port, password=lambda: b"s3cret"), Limits(call_s=5, answer_s=5, slow_s=5))
        assert cache.put("k", b"v", 60)
        cache.close()


def test_an_unknown_certificate_is_refused_before_the_password(tmp_path: Path) -> None:
    public, private = certificate(tmp_path)
    with server(public, private) as port, pytest.raises(ConnectionLostError, match="SSLCertVerificationError"):
        Dialer("127.0.0.1", port, password=lambda: b"s3cret")(5)


def test_a_server_without_tls_is_refused() -> None:
    with Answering(b"+OK\r\n") as port, pytest.raises(ConnectionLostError, match="SSLError"):
        Dialer("127.0.0.1", port, password=lambda: b"s3cret")(5)
