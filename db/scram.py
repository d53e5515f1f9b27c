"""A password as the server stores it (RFC 5802, RFC 7677), made here so that the server never reads the password.

`ALTER ROLE … PASSWORD` would otherwise carry it in clear text into statement logs and statistics.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

from enms.errors import InputError, Mistake

# What PostgreSQL itself uses by default (scram_iterations).
_ITERATIONS = 4096
_SALT_BYTES = 16


def verifier(password: str, salt: bytes | None = None) -> str:
    """`SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey`.

    Args:
        password: printable ASCII, which SASLprep (RFC 4013) leaves as it is.
        salt: for tests; random otherwise.

    Raises:
        InputError: empty, or characters that SASLprep might change.
    """
    if not password or not password.isascii() or not password.isprintable():
        raise InputError("password", [Mistake("", "a password of printable ASCII characters is wanted")])
    salt = salt if salt is not None else os.urandom(_SALT_BYTES)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    server_key = hmac.digest(salted, b"Server Key", "sha256")

    def text(raw: bytes) -> str:
        return base64.b64encode(raw).decode()

    return f"SCRAM-SHA-256${_ITERATIONS}:{text(salt)}${text(stored_key)}:{text(server_key)}"
