"""The gate before PostgreSQL refuses what RDS Proxy refuses, and reads each password when it needs it."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pg8000.native import Connection

from functions.shared.aws.signature import Credentials
from functions.shared.database.connection import Address, Dialer, Limits, PostgreSql, sign_in
from functions.shared.database.faults import ConnectionLostError
from functions.shared.database.passwords import set_password
from functions.shared.database.token import connect_token
from sandbox.cache import certificates
from sandbox.callers import KEY, Callers
from sandbox.database import Databases

REGION = "eu-west-1"
ADMINISTRATOR, APPLICATION = "arn:administrator", "arn:application"


class Cloud:
    """Secrets Manager, as far as the gate asks it."""

    def __init__(self) -> None:
        self.values = {
            ADMINISTRATOR: {"username": "administrator", "password": "first"},
            APPLICATION: {"username": "application", "password": "second"},
        }
        values = self.values

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))["SecretId"]
                body = json.dumps({"SecretString": json.dumps(values[asked])}).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing to say."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        self.account, self.region, self.callers = "123456789012", REGION, Callers()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def environment(self) -> dict[str, str]:
        return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": KEY, "AWS_REGION": REGION}


@dataclass
class Running:
    """A database behind its gate."""

    databases: Databases
    cloud: Any
    port: int
    authority: Path

    def token(self, **other: Any) -> str:
        given: dict[str, Any] = {"host": "127.0.0.1", "port": self.port, "user": "administrator", "region": REGION}
        given |= {"secret": KEY, "late_s": 0, **other}
        at = datetime.now(timezone.utc) + timedelta(seconds=given["late_s"])
        credentials = Credentials(KEY, given["secret"], None)
        return connect_token(
            given["host"], given["port"], given["user"], region=given["region"], credentials=credentials, at=at
        )

    def connect(self, password: str, user: str = "administrator", authority: Path | None = None) -> Connection:
        context = ssl.create_default_context(cafile=str(authority or self.authority))
        return sign_in(Address("127.0.0.1", self.port, "platform", user), password, context, Limits())

    def session(self, user: str, monkeypatch: pytest.MonkeyPatch) -> PostgreSql:
        monkeypatch.setenv("SSL_CERT_FILE", str(self.authority))
        return PostgreSql(Dialer(Address("127.0.0.1", self.port, "platform", user), self.cloud.environment()))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("databases")
    files = certificates.make(folder / "authority")
    cloud: Any = Cloud()
    databases = Databases(cloud, folder, lambda: folder / "authority")
    try:
        databases.create("main", superuser="administrator", password="first", database="platform", region=REGION)
        _, port = databases.open("main", REGION, [ADMINISTRATOR, APPLICATION])
        found = Running(databases, cloud, port, files.authority)
        control = found.connect(found.token())
        control.run("CREATE ROLE application LOGIN")
        control.close()
        yield found
    finally:
        databases.close()
        cloud.server.shutdown()
        cloud.server.server_close()


def test_a_token_signs_in_and_no_password_leaves_the_gate(running: Running) -> None:
    connection = running.connect(running.token())
    assert connection.run("SELECT current_user, current_database()") == [["administrator", "platform"]]
    connection.close()


@pytest.mark.parametrize(
    "other",
    [
        {"user": "application"},
        {"host": "localhost"},
        {"port": 5432},
        {"region": "us-east-1"},
        {"secret": "another"},
        {"late_s": -16 * 60},
        {"late_s": 16 * 60},
    ],
    ids=["another role", "another host", "another port", "another region", "another key", "too old", "from later"],
)
def test_a_token_made_for_something_else_is_refused(other: dict[str, Any], running: Running) -> None:
    with pytest.raises(ConnectionLostError, match="no sign-in"):
        running.connect(running.token(**other))


@pytest.mark.parametrize("change", [("connect", "delete"), ("900", "9000"), ("Signature=", "Signature=0")])
def test_a_token_that_was_changed_is_refused(change: tuple[str, str], running: Running) -> None:
    with pytest.raises(ConnectionLostError, match="no sign-in"):
        running.connect(running.token().replace(*change))


@pytest.mark.parametrize("password", ["first", "", "127.0.0.1/?Action=connect", "\u00e9" * 50])
def test_a_password_is_refused_although_postgresql_knows_it(password: str, running: Running) -> None:
    with pytest.raises(ConnectionLostError, match="no sign-in"):
        running.connect(password)


def told(running: Running, opening: bytes) -> bytes:
    """What the gate says to the first bytes of a caller that uses no TLS."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as caller:
        caller.sendall(opening)
        answer = b""
        while data := caller.recv(1000):
            answer += data
    return answer


def startup(**parameters: str) -> bytes:
    body = b"".join(f"{key}\0{value}\0".encode() for key, value in parameters.items()) + b"\0"
    return struct.pack("!II", 8 + len(body), 196608) + body


def test_a_connection_without_tls_is_refused(running: Running) -> None:
    assert b"requires TLS" in told(running, startup(user="administrator", database="platform"))


def test_what_is_no_message_of_postgresql_is_refused(running: Running) -> None:
    assert b"no message of PostgreSQL" in told(running, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")


def test_command_line_options_are_refused(running: Running) -> None:
    context = ssl.create_default_context(cafile=str(running.authority))
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as plain:
        plain.sendall(struct.pack("!II", 8, 80877103))
        assert plain.recv(1) == b"S"
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as caller:
            caller.sendall(startup(user="administrator", options="-c statement_timeout=0"))
            assert b"Feature not supported" in caller.recv(1000)


def test_a_role_without_a_secret_is_refused(running: Running) -> None:
    with pytest.raises(ConnectionLostError, match="no sign-in"):
        running.connect(running.token(user="stranger"), "stranger")


def test_a_certificate_of_another_authority_is_refused(running: Running, tmp_path: Path) -> None:
    other = certificates.make(tmp_path)
    with pytest.raises(ConnectionLostError, match="SSLCertVerificationError"):
        running.connect(running.token(), authority=other.authority)


def test_a_changed_secret_counts_from_the_next_sign_in_on(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    administrator = running.session("administrator", monkeypatch)
    application = running.session("application", monkeypatch)
    set_password(administrator, "application", "second")
    assert application.run("SELECT current_user AS me") == [{"me": "application"}]
    set_password(administrator, "application", "third")
    # An open connection goes on; a new one needs the password that PostgreSQL knows.
    application.run("SELECT 1")
    application.close()
    with pytest.raises(ConnectionLostError, match="no sign-in"):
        application.run("SELECT 1")
    running.cloud.values[APPLICATION]["password"] = "third"
    assert application.run("SELECT 1 AS one") == [{"one": 1}]
    for session in (administrator, application):
        session.close()


def test_a_lost_region_refuses_and_comes_back_with_its_data(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    session = running.session("administrator", monkeypatch)
    session.run("CREATE TABLE kept (id int)")
    running.databases.lose(REGION)
    with pytest.raises(ConnectionLostError):
        session.run("SELECT * FROM kept")
    running.databases.recover(REGION)
    assert session.run("SELECT * FROM kept") == []
    session.close()


def test_names_are_taken_once_a_region(running: Running) -> None:
    with pytest.raises(ValueError, match="exists already in eu-west-1"):
        running.databases.create("main", superuser="a", password="b", database="c", region=REGION)
    with pytest.raises(LookupError, match="there are: main in eu-west-1"):
        running.databases.wait("other", REGION)
