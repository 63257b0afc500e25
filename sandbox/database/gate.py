"""RDS Proxy's part of a sign-in: TLS, a token of IAM from the caller, the secret's password towards PostgreSQL.

Runs as a script in a process of its own, so that it takes no time from the sandbox's interpreter: `gate.py <listening
descriptor> <certificate> <key> <path of the server's Unix socket>`, with a `Plan` as JSON on its standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import http.client
import json
import socket
import ssl
import struct
import sys
import time
from base64 import b64decode, b64encode
from calendar import timegm
from collections.abc import Mapping
from hashlib import pbkdf2_hmac, sha256
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

SSL, GSS, CANCEL = 80877103, 80877104, 80877102
PROTOCOL = 196608
SIGN_IN_S = 10.0
LONGEST_S = 900
NOT_KNOWN = 'The IAM authentication failed for the role "{user}". Check the IAM token and try again.'


class RefusedError(Exception):
    """The caller is told this and nothing more; `code` is PostgreSQL's."""

    def __init__(self, text: str, code: str = "28000") -> None:
        self.code = code
        super().__init__(text)


class Plan:
    """What the proxy was declared with."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.addresses: list[str] = document["addresses"]
        """Each `host:port` that a token may be made out to."""
        self.secret: str = document["secret"]
        """The secret half of everybody's access key."""
        self.administrator: str = document["administrator"]
        """The access key whose rights nobody asks about."""
        self.resource: str = document["resource"]
        """Id of the proxy, as rights name it (`prx-…`)."""
        self.key: str = document["key"]
        """The proxy's own access key, by which it reads secrets."""
        self.endpoint: str = document["endpoint"]
        """Where Secrets Manager answers."""
        self.region: str = document["region"]
        self.secrets: list[str] = document["secrets"]
        """ARNs of the secrets that the proxy may read."""


def check_token(plan: Plan, token: str, user: str, now_s: float) -> None:
    """Raises RefusedError unless the token is a fresh one of this user for this proxy, signed by a known key."""
    address, _, text = token.partition("/?")
    query = dict(parse_qsl(text, keep_blank_values=True))
    signature = query.pop("X-Amz-Signature", "")
    _, _, scope = query.get("X-Amz-Credential", "").partition("/")
    stamp = query.get("X-Amz-Date", "")
    wanted = {"Action": "connect", "DBUser": user, "X-Amz-SignedHeaders": "host"}
    try:
        began_s = timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
        lifetime_s = int(query.get("X-Amz-Expires", ""))
    except ValueError:
        began_s, lifetime_s = 0, 0
    fresh = 0 < lifetime_s <= LONGEST_S and began_s - 300 <= now_s < began_s + lifetime_s
    named = address in plan.addresses and all(query.get(name) == value for name, value in wanted.items())
    if not named or not fresh or scope != f"{stamp[:8]}/{plan.region}/rds-db/aws4_request":
        raise RefusedError(NOT_KNOWN.format(user=user))
    canonical = "&".join(f"{name}={quote(query[name], safe='-_.~')}" for name in sorted(query))
    request = f"GET\n/\n{canonical}\nhost:{address}\n\nhost\n{sha256(b'').hexdigest()}"
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    secret = f"AWS4{plan.secret}".encode()
    for part in scope.split("/"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    if not hmac.compare_digest(hmac.new(secret, to_sign.encode(), "sha256").hexdigest(), signature):
        raise RefusedError(NOT_KNOWN.format(user=user))


def check_right(plan: Plan, token: str, user: str) -> None:
    """Raises RefusedError unless IAM lets whoever signed the token sign in as this user.

    The token is a signed request; with the proxy's id it asks the services' endpoint, which knows whose key it is.
    """
    text = token.partition("/?")[2]
    if dict(parse_qsl(text)).get("X-Amz-Credential", "").partition("/")[0] == plan.administrator:
        return
    parts = urlsplit(plan.endpoint)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SIGN_IN_S)
    with contextlib.closing(connection):
        connection.request("GET", f"/?{text}&ResourceId={quote(plan.resource)}")
        if connection.getresponse().status != 200:
            raise RefusedError(NOT_KNOWN.format(user=user))


def password_of(plan: Plan, user: str) -> str:
    """The user's password, read anew each time: a rotated secret counts from the next sign-in on."""
    parts, scope = urlsplit(plan.endpoint), f"20000101/{plan.region}/secretsmanager/aws4_request"
    for arn in plan.secrets:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SIGN_IN_S)
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": "secretsmanager.GetSecretValue",
            "authorization": f"AWS4-HMAC-SHA256 Credential={plan.key}/{scope}",
        }
        with contextlib.closing(connection):
            connection.request("POST", "/", json.dumps({"SecretId": arn}), headers)
            answer = connection.getresponse()
            content = answer.read()
        # A secret that has no value yet belongs to nobody.
        if answer.status == 200:
            found = json.loads(json.loads(content)["SecretString"])
            if found.get("username") == user:
                return str(found["password"])
    raise RefusedError(f"This RDS proxy has no credentials for the role {user}. Check the credentials for this role.")


class Door:
    """One client's connection until it is signed in; after that its bytes are passed on as they come."""

    def __init__(self, plan: Plan, context: ssl.SSLContext, path: str) -> None:
        self._plan, self._context, self._path = plan, context, path

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """From the first byte to the last."""
        try:
            async with asyncio.timeout(SIGN_IN_S):
                server = await self._sign_in(reader, writer)
            if server is not None:
                await _both(_pass_on(reader, server[1]), _pass_on(server[0], writer))
        except RefusedError as refusal:
            fields = f"SFATAL\0VFATAL\0C{refusal.code}\0M{refusal}\0\0".encode()
            with contextlib.suppress(OSError):
                writer.write(_message(b"E", fields))
                await writer.drain()
        except (OSError, EOFError, TimeoutError, ssl.SSLError):
            pass  # one side is gone: there is nobody to tell
        finally:
            writer.close()

    async def _sign_in(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        secure = False
        while True:
            number, rest = await _first(reader)
            if number == CANCEL:
                await self._cancel(rest)
                return None
            if number == GSS:
                writer.write(b"N")
                continue
            if number != SSL:
                break
            writer.write(b"S")
            await writer.drain()
            await writer.start_tls(self._context)
            secure = True
        values = rest.rstrip(b"\0").decode().split("\0")
        parameters = dict(zip(values[::2], values[1::2], strict=False))
        user = parameters.get("user", "")
        if not secure:
            raise RefusedError("This RDS Proxy requires TLS connections.")
        if "options" in parameters:
            raise RefusedError("Feature not supported: RDS Proxy supports no command-line options.", "0A000")
        writer.write(_message(b"R", struct.pack("!I", 3)))
        kind, body = await _next(reader)
        if kind != b"p":
            raise RefusedError("a password message was expected", "08P01")
        token = body.rstrip(b"\0").decode()
        check_token(self._plan, token, user, time.time())
        await asyncio.to_thread(check_right, self._plan, token, user)
        password = await asyncio.to_thread(password_of, self._plan, user)
        server = await asyncio.open_unix_connection(self._path)
        try:
            server[1].write(_startup(parameters))
            await _scram(*server, password)
        except BaseException:
            server[1].close()
            raise
        writer.write(_message(b"R", struct.pack("!I", 0)))
        return server

    async def _cancel(self, rest: bytes) -> None:
        _, server = await asyncio.open_unix_connection(self._path)
        server.write(struct.pack("!II", 8 + len(rest), CANCEL) + rest)
        await server.drain()
        server.close()


async def _scram(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, password: str) -> None:
    """Signs in to PostgreSQL (RFC 5802, as PostgreSQL's protocol wraps it); its refusal becomes the caller's."""
    nonce = token_urlsafe(18)
    bare = f"n=,r={nonce}"
    first = f"n,,{bare}".encode()
    await _expect(reader, 10)
    writer.write(_message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", len(first)) + first))
    challenge = (await _expect(reader, 11)).decode()
    told = dict(part.split("=", 1) for part in challenge.split(","))
    salted = pbkdf2_hmac("sha256", password.encode(), b64decode(told["s"]), int(told["i"]))
    key = hmac.digest(salted, b"Client Key", "sha256")
    final = f"c=biws,r={told['r']}"
    proof = hmac.digest(sha256(key).digest(), f"{bare},{challenge},{final}".encode(), "sha256")
    signed = bytes(left ^ right for left, right in zip(key, proof, strict=True))
    writer.write(_message(b"p", f"{final},p={b64encode(signed).decode()}".encode()))
    await _expect(reader, 12)
    await _expect(reader, 0)


async def _expect(reader: asyncio.StreamReader, step: int) -> bytes:
    kind, body = await _next(reader)
    if kind == b"E":
        fields = {part[:1]: part[1:] for part in body.decode().split("\0") if part}
        raise RefusedError(fields.get("M", "PostgreSQL refused the sign-in"), fields.get("C", "28000"))
    if kind != b"R" or struct.unpack("!I", body[:4])[0] != step:
        raise RefusedError("PostgreSQL asked for another way to sign in", "08P01")
    return body[4:]


async def _first(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """A message of the beginning, which has no kind."""
    length, number = struct.unpack("!II", await reader.readexactly(8))
    if not 8 <= length <= 10_000:
        raise RefusedError("this is no message of PostgreSQL", "08P01")
    return number, await reader.readexactly(length - 8)


async def _next(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    kind, length = struct.unpack("!cI", await reader.readexactly(5))
    if not 4 <= length <= 100_000:
        raise RefusedError("this message is too long for a sign-in", "08P01")
    return kind, await reader.readexactly(length - 4)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def _startup(parameters: Mapping[str, str]) -> bytes:
    body = b"".join(text.encode() + b"\0" for pair in parameters.items() for text in pair) + b"\0"
    return struct.pack("!II", 8 + len(body), PROTOCOL) + body


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ssl.SSLError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _both(*ways: Any) -> None:
    await asyncio.gather(*ways)


async def main(arguments: list[str]) -> None:
    """Reads the arguments and serves until the process is ended."""
    descriptor, certificate, key, path = arguments
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    plan = Plan(json.load(sys.stdin))
    listener = socket.socket(fileno=int(descriptor))
    # What is accepted inherits it: without, each small answer waits for the other side's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = await asyncio.start_server(Door(plan, context, path).serve, sock=listener)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
