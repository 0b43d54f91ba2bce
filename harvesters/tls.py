"""Encrypted connections: whom we believe, who we are, and what it means when a certificate is not in order. Checks cannot be switched off."""

import ssl
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import certifi

from dcat.errors import ConfigError, FetchError
from dcat.message import Message
from harvesters.addresses import Address

# Verdicts of OpenSSL (X509_V_ERR_...), as ssl.SSLCertVerificationError carries them.
_EXPIRED, _NOT_YET, _SELF_SIGNED = 10, 9, 18
_UNKNOWN_ROOT, _OTHER_HOST = 19, (62, 64)
# The issuer of what the server sent is not at hand: the chain breaks off.
NO_ISSUER = (2, 20, 21)
# Stands for the reason where OpenSSL gives none.
UNSAID = "TLS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Files in PEM form: further authorities, and our own certificate with its key, which may need a password."""

    ca: str = ""
    certificate: str = ""
    password: str = field(default="", repr=False)

    def without_certificate(self) -> Self:
        """The same authorities, for hosts that our certificate does not concern."""
        return replace(self, certificate="", password="")


def context(trust: Trust) -> ssl.SSLContext:
    """Make what checks certificates: against the system's authorities, where cities add their own, Mozilla's, and those of the source."""
    made = ssl.create_default_context()
    made.load_verify_locations(certifi.where())
    if trust.ca:
        try:
            made.load_verify_locations(trust.ca)
        except (OSError, ValueError) as error:
            raise _unusable("ca", trust.ca, error) from None
    if trust.certificate:
        try:
            # Without a password of ours OpenSSL would ask on the terminal.
            made.load_cert_chain(trust.certificate, password=lambda: trust.password)
        except (OSError, ValueError) as error:
            raise _unusable("certificate", trust.certificate, error) from None
    return made


def failure(address: Address, reason: str, number: int) -> FetchError:
    """The certificate or the handshake is not in order; `number` is OpenSSL's verdict on the certificate, 0 where there is none."""
    de, en = _meaning(address, reason, number)
    return FetchError(
        Message(
            f"Die verschlüsselte Verbindung zu {address.url} kommt nicht zustande ({reason}): {de}",
            f"No encrypted connection to {address.url} could be made ({reason}): {en}",
        ),
        code="tls",
        url=address.url,
    )


def _meaning(address: Address, reason: str, number: int) -> tuple[str, str]:
    look = f"»offenbar doctor {address.scheme}://{address.authority}/«"
    if number == _EXPIRED:
        return (
            "das Zertifikat ist abgelaufen; bitte das Amt um ein neues bitten.",
            "the certificate has expired; please ask the department for a new one.",
        )
    if number == _NOT_YET:
        return (
            "das Zertifikat gilt noch nicht; bitte die Uhr dieses Rechners prüfen, dann das Amt fragen.",
            "the certificate is not valid yet; please check the clock of this machine, then ask the department.",
        )
    if number in _OTHER_HOST:
        return (
            f"das Zertifikat gilt nicht für {address.host}; bitte den Rechnernamen in der Adresse prüfen, dann das Amt fragen.",
            f"the certificate is not for {address.host}; please check the host name in the address, then ask the department.",
        )
    if number == _SELF_SIGNED:
        return (
            "der Rechner hat sich sein Zertifikat selbst ausgestellt; wenn das so sein soll, in der Quelle »network: {ca: DATEI.pem}« mit "
            "diesem Zertifikat eintragen.",
            'the host issued its certificate to itself; if that is intended, enter "network: {ca: FILE.pem}" with that certificate in '
            "the source.",
        )
    if number == _UNKNOWN_ROOT:
        return (
            "die ausstellende Stelle ist hier nicht bekannt; wenn sie die der Stadt ist, in der Quelle »network: {ca: DATEI.pem}« mit "
            "ihrem Wurzelzertifikat eintragen.",
            'the issuing authority is not known here; if it is the city\'s own, enter "network: {ca: FILE.pem}" with its root '
            "certificate in the source.",
        )
    if number in NO_ISSUER:
        return (
            f"dem Server fehlt das Zwischenzertifikat, oder die ausstellende Stelle ist hier nicht bekannt; {look} zeigt, welches fehlt, "
            "das Amt kann es einbauen.",
            "the server lacks the intermediate certificate, or the issuing authority is not known here; "
            f'"{look[1:-1]}" shows which one is missing, the department can add it.',
        )
    # A server that misses our certificate may also hang up without a word.
    if "CERTIFICATE_REQUIRED" in reason or "HANDSHAKE_FAILURE" in reason or reason == UNSAID:
        return (
            "der Server verlangt vielleicht ein Zertifikat von uns; das Amt stellt es aus, dann in der Quelle "
            "»network: {certificate: DATEI.pem}« eintragen.",
            "the server may want a certificate from us; the department issues it, then enter "
            '"network: {certificate: FILE.pem}" in the source.',
        )
    return (
        f"Server und Programm finden keine gemeinsame Verschlüsselung; {look} zeigt mehr, dann bitte das Amt fragen.",
        f'server and program find no common encryption; "{look[1:-1]}" shows more, then please ask the department.',
    )


def _unusable(key: str, file: str, error: Exception) -> ConfigError:
    if not Path(file).is_file():
        de, en = "gibt es nicht", "does not exist"
    elif isinstance(error, ssl.SSLError):
        de, en = "ist kein Zertifikat in PEM-Form", "is no certificate in PEM form"
        if key == "certificate":
            de += ", sein Schlüssel fehlt oder das Passwort passt nicht"
            en += ", its key is missing, or the password does not fit"
    else:
        de, en = "ist nicht lesbar", "cannot be read"
    return ConfigError(
        Message(
            f"Die Datei {file} {de}; bitte »network: {{{key}: ...}}« in der Quelle prüfen.",
            f'The file {file} {en}; please check "network: {{{key}: ...}}" in the source.',
        )
    )
