"""The sentences for fetches that fail: what happened to which address, and what to do about it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from dcat.errors import FetchError, RefusedError
from dcat.message import Lang, Message
from harvesters.addresses import Address, Verdict
from harvesters.network import Network, entry_for


def not_allowed(address: Address, network: Network) -> RefusedError:
    """The host is not one of the source's."""
    known = [*(network.allow or filter(None, [network.home])), entry_for(address)]
    line = "network: {allow: [" + ", ".join(f'"{name}"' if ":" in name else name for name in known) + "]}"
    return RefusedError(
        Message(
            f"Die Adresse {address.url} wird nicht abgerufen, denn der Rechner {address.host} ist für diese Quelle nicht zugelassen; "
            f"wenn er dazugehört, in der Quelle eintragen: {line}",
            f"The address {address.url} is not fetched, for the host {address.host} is not allowed for this source; "
            f"if it belongs there, enter in the source: {line}",
        ),
        code="not-allowed",
        url=address.url,
    )


def private(host: str, port: int, ip: str, verdict: Verdict) -> RefusedError:
    """The host name leads into a network that is not public."""
    if verdict == "never":
        de = "einer Adresse, die grundsätzlich nie abgerufen wird; bitte die Adresse der Quelle prüfen."
        en = "an address that is never fetched on principle; please check the address of the source."
    else:
        name = f'"[{host}]:{port}"' if ":" in host else f'"{host}:{port}"'
        de = f"einer Adresse im internen Netz; wenn das gewollt ist, in der Quelle eintragen: network: {{allow: [{name}]}}"
        en = f"an address of a private network; if that is intended, enter in the source: network: {{allow: [{name}]}}"
    return RefusedError(
        Message(f"Der Rechner {host} führt zu {ip}, {de}", f"The host {host} leads to {ip}, {en}"),
        code="private-address",
        url=host,
    )


def downgrade(address: Address, following: Address) -> RefusedError:
    """A redirect gives up encryption."""
    return RefusedError(
        Message(
            f"{address.url} leitet auf die unverschlüsselte Adresse {following.url} um, das wird nicht mitgemacht; bitte das Amt darauf hinweisen.",
            f"{address.url} redirects to the unencrypted address {following.url}, which is not followed; please tell the department.",
        ),
        code="scheme",
        url=address.url,
    )


def redirects(start: Address, most: int) -> RefusedError:
    """Too many redirects, or a circle of them."""
    return RefusedError(
        Message(
            f"{start.url} leitet mehr als {most}-mal oder im Kreis um; bitte die endgültige Adresse in der Quelle eintragen.",
            f"{start.url} redirects more than {most} times or in a circle; please enter the final address in the source.",
        ),
        code="redirects",
        url=start.url,
    )


def unexpected_304(address: Address) -> FetchError:
    """The server claims that nothing changed, though it was not asked."""
    return FetchError(
        Message(
            f"{address.url} antwortet »unverändert« (304), obwohl danach nicht gefragt war; bitte dem Amt melden.",
            f'{address.url} answers "not modified" (304) though it was not asked; please tell the department.',
        ),
        code="unexpected-304",
        url=address.url,
        status=304,
    )


def status(address: Address, number: int) -> FetchError:
    """The server answers, but with no data."""
    if number in (401, 403, 407):
        de, en = "die Quelle verlangt eine Anmeldung oder sperrt uns", "the source asks for a login or locks us out"
        de, en = f"{de}; bitte mit dem Amt klären.", f"{en}; please settle it with the department."
    elif number in (404, 410):
        de, en = "dort liegt nichts; bitte die Adresse berichtigen.", "nothing is there; please correct the address."
    elif number in (429, 503):
        return busy(address, number, None)
    elif number >= 500:
        de, en = (
            "der Dienst ist gestört; der nächste Lauf versucht es wieder.",
            "the service is out of order; the next run will try again.",
        )
    else:
        de, en = "das sind keine Daten; bitte die Adresse prüfen.", "that is no data; please check the address."
    return FetchError(
        Message(
            f"{address.url} antwortet mit Status {number}: {de}", f"{address.url} answers with status {number}: {en}"
        ),
        code="status",
        url=address.url,
        status=number,
    )


def busy(address: Address, number: int, seconds: float | None) -> FetchError:
    """The server asks us to come later; other errors that pass by themselves keep the code `status`."""
    if number not in (429, 503):
        return status(address, number)
    de = f"in {seconds:.0f} Sekunden" if seconds else "später"
    en = f"in {seconds:.0f} seconds" if seconds else "later"
    return FetchError(
        Message(
            f"{address.url} ist überlastet (Status {number}) und bittet, {de} wiederzukommen; der nächste Lauf versucht es wieder, "
            "»limits: {rate: 1/s}« in der Quelle schont den Dienst.",
            f"{address.url} is overloaded (status {number}) and asks us to come back {en}; the next run will try again, "
            '"limits: {rate: 1/s}" in the source spares the service.',
        ),
        code="busy",
        url=address.url,
        status=number,
    )


def dns(host: str) -> FetchError:
    """The host name has no address."""
    return FetchError(
        Message(
            f"Zum Rechnernamen {host} gibt es keine Adresse; bitte Schreibweise und Namensauflösung prüfen.",
            f"There is no address for the host name {host}; please check the spelling and the name server.",
        ),
        code="dns",
        url=host,
    )


def timeout(address: Address) -> FetchError:
    """The server, or the whole request, took too long."""
    return FetchError(
        Message(
            f"{address.url} braucht zu lange; der nächste Lauf versucht es wieder, "
            "»limits: {read: 60s, total: 5m}« in der Quelle gibt mehr Zeit.",
            f"{address.url} takes too long; the next run will try again, "
            '"limits: {read: 60s, total: 5m}" in the source gives it more time.',
        ),
        code="timeout",
        url=address.url,
    )


def connection(address: Address, reason: str) -> FetchError:
    """The server cannot be reached or hangs up."""
    return FetchError(
        Message(
            f"Mit {address.url} kommt keine Verbindung zustande ({reason}); der nächste Lauf versucht es wieder, "
            "manche Dienste lassen nur bestimmte Netze zu.",
            f"{address.url} cannot be reached ({reason}); the next run will try again, some services admit certain networks only.",
        ),
        code="connection",
        url=address.url,
    )


def proxy(address: Address, name: str, reason: str) -> FetchError:
    """The proxy cannot be reached, or does not let us through."""
    return FetchError(
        Message(
            f"Der Proxy {name} bringt uns nicht zu {address.url} ({reason}); bitte »network: {{proxy: ...}}« in der Quelle prüfen "
            "und die für den Proxy Zuständigen fragen.",
            f'The proxy {name} does not take us to {address.url} ({reason}); please check "network: {{proxy: ...}}" in the source '
            "and ask those who run the proxy.",
        ),
        code="proxy",
        url=address.url,
    )


def unencrypted_login(address: Address) -> RefusedError:
    """The login would travel where everybody can read it."""
    line = f'network: {{allow: ["{entry_for(address)}"]}}'
    return RefusedError(
        Message(
            f"Die Zugangsdaten werden nicht unverschlüsselt an {address.url} geschickt; bitte https:// eintragen, oder, wenn das Netz "
            f"vertraut ist, in der Quelle eintragen: {line}",
            f"The login is not sent unencrypted to {address.url}; please enter https://, or, if the network is trusted, "
            f"enter in the source: {line}",
        ),
        code="login",
        url=address.url,
    )


def robots(address: Address, line: str, number: int) -> RefusedError:
    """The host's robots.txt does not want us to read this."""
    return RefusedError(
        Message(
            f"{address.url} wird nicht gelesen, denn die robots.txt von {address.host} bittet darum (Zeile {number}: {line}); wenn das Amt "
            "einverstanden ist, in der Quelle »network: {robots: false}« eintragen.",
            f"{address.url} is not read, for the robots.txt of {address.host} asks so (line {number}: {line}); if the department "
            'agrees, enter "network: {robots: false}" in the source.',
        ),
        code="robots",
        url=address.url,
    )


def resting(host: str, since: datetime, until: datetime) -> FetchError:
    """The host failed so often in a row that it is left alone for a while; nothing was sent."""
    return FetchError(
        Message(
            f"{host} antwortet seit {_moment(since, 'de')} nicht und wird bis {_moment(until, 'de')} in Ruhe gelassen; danach "
            "versucht es der nächste Lauf wieder.",
            f"{host} has not answered since {_moment(since, 'en')} and is left alone until {_moment(until, 'en')}; after that "
            "the next run will try again.",
        ),
        code="resting",
        url=host,
    )


def crowded(host: str, until: datetime) -> FetchError:
    """It would not be our turn within the time of the request: the host asked for a pause, or others are before us."""
    return FetchError(
        Message(
            f"{host} kommt in der Zeit dieser Anfrage nicht an die Reihe, frühestens {_moment(until, 'de')}: der Dienst bat um eine "
            "Pause, oder andere Anfragen gehen vor; der nächste Lauf versucht es wieder.",
            f"It is not the turn of {host} within the time of this request, at the earliest {_moment(until, 'en')}: the service "
            "asked for a pause, or other requests go first; the next run will try again.",
        ),
        code="resting",
        url=host,
    )


def _moment(at: datetime, lang: Lang) -> str:
    """Write a moment as people in the cities read it."""
    there = at.astimezone(ZoneInfo("Europe/Berlin"))
    return there.strftime("%d.%m.%Y, %H:%M:%S Uhr" if lang == "de" else "%Y-%m-%d %H:%M:%S")


def protocol(address: Address) -> FetchError:
    """The server speaks something other than HTTP."""
    return FetchError(
        Message(
            f"{address.url} antwortet nicht in gültigem HTTP; bitte die Adresse und den Port prüfen.",
            f"{address.url} does not answer in valid HTTP; please check address and port.",
        ),
        code="protocol",
        url=address.url,
    )
