"""The door for mail: an SMTP server of the operator's, with TLS and a checked certificate, and never for longer than the time-out."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

import certifi

from catalog.config import Config
from dcat.errors import ConfigError, OffenbarError, StateError
from dcat.message import Message
from harvesters import secrets

# Seconds that the server may take for each answer.
PATIENCE = 20.0
_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where mail is handed over: `smtps` begins with TLS, `smtp` changes to it with STARTTLS."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)


class Post:
    """An open connection to the mail server."""

    def __init__(self, connection: smtplib.SMTP) -> None:
        self._connection = connection

    def send(self, message: EmailMessage) -> None:
        """Hand one message over; StateError says what the server does not take."""
        try:
            self._connection.send_message(message)
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            with suppress(smtplib.SMTPException, OSError):
                self._connection.rset()
            raise _refused(error) from error


@contextmanager
def opened(config: Config, tls: ssl.SSLContext | None = None) -> Iterator[Post]:
    """Open the configured mail server; ConfigError when there is none, StateError when it cannot be used."""
    server = read_server(config.mail_server, config.mail_password)
    try:
        connection = _connected(server, tls or _authorities())
    except (smtplib.SMTPException, OSError) as error:
        raise _refused(error) from error
    try:
        yield Post(connection)
    finally:
        with suppress(smtplib.SMTPException, OSError):
            connection.quit()


def read_server(url: str, password: str = "") -> Server:
    """Read an address such as smtp://user@mail.example.org:587; `password` is a reference, `env:NAME` or `file:/path`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ConfigError(
            Message(
                "mail.server / OFFENBAR_SMTP_URL fehlt oder ist keine Adresse wie smtp://mail.example.org:587 (STARTTLS) oder "
                "smtps://mail.example.org (TLS).",
                "mail.server / OFFENBAR_SMTP_URL is missing or no address such as smtp://mail.example.org:587 (STARTTLS) or "
                "smtps://mail.example.org (TLS).",
            )
        )
    return Server(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=_secret(password) if password else unquote(parts.password or ""),
    )


def _secret(reference: str) -> str:
    try:
        return secrets.read(reference)
    except OffenbarError as error:
        raise ConfigError(
            Message(
                "mail.password ist nicht zu lesen. Nächster Schritt: dort env:NAME oder file:/pfad eintragen, nie das Kennwort "
                "selbst, und Variable oder Datei prüfen.",
                "mail.password cannot be read. Next step: enter env:NAME or file:/path there, never the password itself, and "
                "check the variable or file.",
            )
        ) from error


def _authorities() -> ssl.SSLContext:
    # The system's authorities, where cities add their own, and Mozilla's.
    tls = ssl.create_default_context()
    tls.load_verify_locations(certifi.where())
    return tls


def _connected(server: Server, tls: ssl.SSLContext) -> smtplib.SMTP:
    if server.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=PATIENCE, context=tls)
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=PATIENCE)
    try:
        _prepare(connection, server, tls)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: smtplib.SMTP, server: Server, tls: ssl.SSLContext) -> None:
    """Encrypt and log in. Only a relay on this machine that knows no TLS gets mail in the clear, and never a password."""
    connection.ehlo_or_helo_if_needed()
    secure = server.scheme == "smtps"
    if not secure and (connection.has_extn("starttls") or server.user or not _here(server.host)):
        connection.starttls(context=tls)
        connection.ehlo()
    if server.user:
        connection.login(server.user, server.password)


def _here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refused(error: Exception) -> StateError:
    """Say in a sentence why mail could not be handed over. What the server says may repeat addresses, so only its code is given."""
    code = getattr(error, "smtp_code", "") or getattr(error, "verify_message", "") or type(error).__name__
    return StateError(
        Message(
            f"Der Mailserver nimmt die Nachricht nicht an ({code}). Nächster Schritt: mail.server, Zertifikat und Zugang prüfen.",
            f"The mail server does not take the message ({code}). Next step: check mail.server, its certificate and the login.",
        )
    )
