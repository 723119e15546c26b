"""HTTPS at the emulator's own port, beside HTTP: a websocket is answered by HTTPS alone.

Functions of the emulator trust its certificate (AWS_CA_BUNDLE), nobody else does.
"""

import datetime
import ipaddress
import socket
import ssl
from contextlib import suppress
from functools import cache
from typing import Any

from ..settings import paths
from ..util import files

HELLO = b"\x16"  # TLS begins with it (RFC 8446: handshake), no request by HTTP does
DAYS = 365


def speak_both(server: Any) -> None:
    """`server`: werkzeug's. Which of the two it is, the first byte of a connection says."""
    plain = server.finish_request

    def finish(request: socket.socket, client: Any) -> None:
        if request.recv(1, socket.MSG_PEEK) != HELLO:
            plain(request, client)
            return
        with suppress(OSError), _context().wrap_socket(request, server_side=True) as secured:
            plain(secured, client)

    server.finish_request = finish


@cache
def pem() -> bytes:
    """The certificate, which signs itself. Its key stays in a file of yours."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "doit-lambda-layer, stage=local")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    day = datetime.timedelta(days=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + DAYS * day)
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public: bytes = made.public_bytes(serialization.Encoding.PEM)
    files.write_atomic(paths.LOCAL_AWS / "https.pem", private + public, mode=0o600)
    return public


@cache
def _context() -> ssl.SSLContext:
    pem()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(paths.LOCAL_AWS / "https.pem")
    return context
