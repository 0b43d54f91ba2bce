"""Responsible parties of ISO 19139 by their roles: publisher, creator, contact and the others DCAT-AP.de knows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dcat import iri
from dcat.model import Agent, Contact
from harvesters.iso_values import Languages, code, each, first, href, text
from harvesters.stated import Stated

MAX_PARTIES = 100
_INFO = "contactInfo/CI_Contact"
_CREATORS = ("author", "owner", "principalinvestigator")
_CONTRIBUTORS = ("processor", "resourceprovider", "distributor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Who did what, each once."""

    publisher: Agent | None = None
    creator: tuple[Agent, ...] = ()
    contributor: tuple[Agent, ...] = ()
    originator: tuple[Agent, ...] = ()
    custodian: tuple[Agent, ...] = ()
    contact: tuple[Contact, ...] = ()


def read(parties: Iterable[Any], languages: Languages, stated: Stated) -> Parties:
    """Read all parties of a resource; who is none of the roles is not taken over."""
    roles: dict[str, dict[Agent, None]] = {}
    contacts: dict[Contact, None] = {}
    for party in stated.cut(list(parties), "publisher", MAX_PARTIES):
        role = code(party, "role").lower()
        if role == "pointofcontact":
            contact = _contact(party, languages, stated)
            if contact != Contact():
                contacts[contact] = None
        elif (agent := _agent(party, languages, stated)).name:
            roles.setdefault(role, {})[agent] = None
    return Parties(
        publisher=next(iter(roles.get("publisher", ())), None),
        creator=_of(roles, _CREATORS),
        contributor=_of(roles, _CONTRIBUTORS),
        originator=_of(roles, ("originator",)),
        custodian=_of(roles, ("custodian",)),
        contact=tuple(contacts),
    )


def _of(roles: dict[str, dict[Agent, None]], names: tuple[str, ...]) -> tuple[Agent, ...]:
    return tuple(dict.fromkeys(agent for name in names for agent in roles.get(name, ())))


def _agent(party: Any, languages: Languages, stated: Stated) -> Agent:
    organisation = first(party, "organisationName")
    link = href(organisation)
    return Agent(
        uri=link if iri.is_web(link) else "",
        name=languages.texts(organisation) or languages.texts(first(party, "individualName")),
        email=_email(party, stated, "publisher.email"),
        homepage=_homepage(party),
    )


def _contact(party: Any, languages: Languages, stated: Stated) -> Contact:
    """An office rather than a person: the person's name counts only where no organisation is named."""
    names = (first(party, "organisationName"), first(party, "positionName"), first(party, "individualName"))
    name = next((found[0].value for one in names if (found := languages.texts(one))), "")
    return Contact(
        name=name,
        email=_email(party, stated, "contact_point.email"),
        url=_homepage(party),
        telephone=stated.one("telephone", text(party, f"{_INFO}/phone/CI_Telephone/voice"), "contact_point.telephone"),
    )


def _email(party: Any, stated: Stated, path: str) -> str:
    return stated.one("email", text(party, f"{_INFO}/address/CI_Address/electronicMailAddress"), path)


def _homepage(party: Any) -> str:
    found = (iri.cleaned(text(one, "linkage")) for one in each(party, f"{_INFO}/onlineResource/CI_OnlineResource"))
    return next((url for url in found if iri.is_web(url)), "")
