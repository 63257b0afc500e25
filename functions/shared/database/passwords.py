"""Passwords of database roles as PostgreSQL keeps them, so that no statement and no log ever holds one."""

from __future__ import annotations

import hmac
import secrets
from base64 import b64encode
from hashlib import pbkdf2_hmac, sha256

from functions.shared.database.session import Session
from functions.shared.tasks import WorkError

ROUNDS = 4096
"""PostgreSQL's own count; the passwords are random and long, so more would only cost time at each sign-in."""


def verifier(password: str, salt: bytes | None = None) -> str:
    """`SCRAM-SHA-256$…` of a password of ASCII characters, to be given to `ALTER ROLE … PASSWORD`.

    Raises:
        ValueError: the password has characters that clients may normalise differently.
    """
    if not password.isascii() or not password.isprintable() or not password:
        raise ValueError("password: only printable ASCII characters are allowed; draw another one")
    salt = secrets.token_bytes(16) if salt is None else salt
    salted = pbkdf2_hmac("sha256", password.encode(), salt, ROUNDS)
    stored = sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    texts = [b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${ROUNDS}:{texts[0]}${texts[1]}:{texts[2]}"


def set_password(session: Session, role: str, password: str) -> None:
    """Lets a role sign in with a password, and with no other.

    The role is no member of `rds_iam`: PostgreSQL on RDS would then refuse its password, and RDS Proxy, which signs in
    with it, could not. Callers of the proxy still need a token of IAM.

    Raises:
        WorkError: the role's name is none that migrations make.
    """
    # A statement that defines a role takes no parameters, and with log_statement=ddl its text is logged.
    session.run(f"ALTER ROLE {_named(role)} WITH LOGIN PASSWORD '{verifier(password)}'")


def let_write(session: Session, role: str, *, may: bool) -> None:
    """Lets a role write from its next connection on, or only read: what is refused can be sent again, and is not lost.

    Raises:
        WorkError: the role's name is none that migrations make.
    """
    change = "RESET default_transaction_read_only" if may else "SET default_transaction_read_only = on"
    session.run(f"ALTER ROLE {_named(role)} {change}")


def _named(role: str) -> str:
    if not role.isidentifier() or not role.isascii():
        raise WorkError(f"username in the secret is {role!r}; allowed: letters, digits and _; mend it")
    return f'"{role}"'
