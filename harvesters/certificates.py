"""What the certificates of a server say: whose they are, who issued them, until when they hold, where the chain breaks off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

# A longer chain is not looked at; real ones have two to four.
_LONGEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One certificate as people read it. `names` are the hosts it is for; `issuer_url` is where its issuer's certificate can be had."""

    subject: str
    issuer: str
    ends: datetime
    names: tuple[str, ...] = ()
    issuer_url: str = ""


def read_chain(chain: Sequence[bytes]) -> tuple[Certificate, ...]:
    """Read the certificates a server sent (DER), its own first; one that cannot be read ends the list."""
    found = []
    for data in chain[:_LONGEST]:
        try:
            found.append(_read(x509.load_der_x509_certificate(data)))
        except (ValueError, x509.UnsupportedGeneralNameType):
            break
    return tuple(found)


def last_of(chain: Sequence[Certificate]) -> Certificate | None:
    """Follow a chain from the server's own certificate as far as each next one was sent; the issuer of the last one is missing."""
    at = chain[0] if chain else None
    for _ in chain:
        following = next((each for each in chain if at and each is not at and each.subject == at.issuer), None)
        if at is None or at.subject == at.issuer or following is None:
            return at
        at = following
    return at


def _read(raw: x509.Certificate) -> Certificate:
    return Certificate(
        subject=_name(raw.subject),
        issuer=_name(raw.issuer),
        ends=raw.not_valid_after_utc,
        names=_names(raw),
        issuer_url=_issuer_url(raw),
    )


def _name(name: x509.Name) -> str:
    """The common name, with the organisation where there is one."""
    common = [str(part.value) for part in name.get_attributes_for_oid(NameOID.COMMON_NAME)]
    organization = [str(part.value) for part in name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    text = ", ".join([*common[:1], *organization[:1]]) or name.rfc4514_string()
    return "".join(sign if sign.isprintable() else "�" for sign in text)[:200]


def _names(raw: x509.Certificate) -> tuple[str, ...]:
    try:
        found = raw.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    hosts = found.get_values_for_type(x509.DNSName)
    return tuple([*hosts, *map(str, found.get_values_for_type(x509.IPAddress))][:20])


def _issuer_url(raw: x509.Certificate) -> str:
    try:
        found = raw.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    except x509.ExtensionNotFound:
        return ""
    for access in found:
        if access.access_method == AuthorityInformationAccessOID.CA_ISSUERS:
            return str(access.access_location.value)[:300]
    return ""
