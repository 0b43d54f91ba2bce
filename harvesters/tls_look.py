"""Looks at a server's certificates for `offenbar doctor`: what is checked, and what was sent. No request is ever made on such a connection."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from harvesters import tls
from harvesters.addresses import Address
from harvesters.certificates import Certificate, read_chain
from harvesters.connections import open_socket


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsLook:
    """What a handshake showed: OpenSSL's verdict (`reason` is empty when all is well) and the certificates that were sent."""

    reason: str = ""
    number: int = 0
    version: str = ""
    chain: tuple[Certificate, ...] = ()


def look(address: Address, ips: Sequence[str], timeout: float, trust: tls.Trust) -> TlsLook:
    """Make the handshake as the fetcher would, and when it fails once more to see what was sent. OSError when nothing answers."""
    try:
        version, chain = _handshake(address, ips, timeout, tls.context(trust))
        return TlsLook(version=version, chain=read_chain(chain))
    except ssl.SSLError as error:
        reason = str(getattr(error, "verify_message", "") or error.reason or tls.UNSAID)
        number = getattr(error, "verify_code", 0)
    blind = ssl.create_default_context()
    blind.check_hostname = False
    blind.verify_mode = ssl.CERT_NONE
    try:
        version, chain = _handshake(address, ips, timeout, blind)
    except ssl.SSLError:
        version, chain = "", ()
    return TlsLook(reason=reason, number=number, version=version, chain=read_chain(chain))


def _handshake(
    address: Address, ips: Sequence[str], timeout: float, context: ssl.SSLContext
) -> tuple[str, tuple[bytes, ...]]:
    with (
        open_socket(ips, address.port, timeout) as plain,
        context.wrap_socket(plain, server_hostname=address.host) as secure,
    ):
        return secure.version() or "", _sent(secure)


def _sent(secure: Any) -> tuple[bytes, ...]:
    if hasattr(secure, "get_unverified_chain"):
        return tuple(secure.get_unverified_chain())
    # Python has this under its public name from 3.13 on.
    chain = secure._sslobj.get_unverified_chain() or ()
    return tuple(ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in chain)
