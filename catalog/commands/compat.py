"""offenbar compat"""

from collections.abc import Iterator

import click
import sqlalchemy as sa

from catalog import compat, store
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.compat import Standing
from catalog.db import batches
from catalog.instance import Instance
from catalog.models import DatasetRow
from catalog.public import PublicDataset
from dcat.message import Message


@click.command()
@click.option("--city", default="", help="Nur diese Kommune. / This city only.")
@json_option
@pass_terminal
def command(terminal: Terminal, city: str, as_json: bool) -> None:
    """Zeigen, was zwischen dem Katalog und GovData, Hessen, data.europa.eu und der Mobilithek steht, mit dem Befehl, der hilft.

    Show what stands between the catalogue and GovData, Hessen, data.europa.eu and the Mobilithek, with the command that helps.
    Exit code 1 when something is refused there.

    Beispiel / Example: offenbar compat --city frankfurt
    """
    instance = opened()
    if city:
        instance.config.city(city)
    standings = [
        standing
        for standing in compat.assess(instance.config, _datasets(instance, city))
        if not city or standing.city.slug == city
    ]
    site = compat.of_the_site(instance.config)
    if as_json:
        terminal.data(
            {
                "site": [{"de": message.de, "en": message.en} for message in site],
                "standings": [_document(standing, instance.config.site_url) for standing in standings],
            }
        )
    else:
        _tell(terminal, standings, site, instance.config.site_url)
    if any(standing.blocked for standing in standings):
        raise SystemExit(1)


def _datasets(instance: Instance, city: str) -> Iterator[PublicDataset]:
    with instance.database.reading() as session:
        wanted = sa.select(DatasetRow.id).where(store.VISIBLE, *([DatasetRow.city == city] if city else []))
        ids = list(session.scalars(wanted.order_by(DatasetRow.id)))
        for part in batches(ids):
            yield from store.views(session, part)


def _document(standing: Standing, site_url: str) -> dict[str, object]:
    return {
        "consumer": standing.consumer.name,
        "address": f"{site_url}{standing.consumer.address}",
        "city": standing.city.slug,
        "datasets": standing.datasets,
        "ready": standing.ready,
        "gaps": [
            {
                "code": gap.rule.code,
                "stops": gap.rule.stops,
                "count": gap.count,
                "examples": gap.examples,
                "sources": gap.sources,
                "what": {"de": gap.rule.what.de, "en": gap.rule.what.en},
                "fix": {"de": gap.rule.fix.de, "en": gap.rule.fix.en},
            }
            for gap in standing.gaps.values()
        ],
    }


def _tell(terminal: Terminal, standings: list[Standing], site: list[Message], site_url: str) -> None:
    for message in site:
        terminal.say(Message(f"! {message.de}", f"! {message.en}"))
    columns = (
        terminal.t("Abnehmer", "consumer"),
        terminal.t("Kommune", "city"),
        terminal.t("Datensätze", "datasets"),
        terminal.t("bereit", "ready"),
        terminal.t("Adresse", "address"),
    )
    rows = [(s.consumer.title, s.city.name, s.datasets, s.ready, f"{site_url}{s.consumer.address}") for s in standings]
    terminal.table(columns, rows)
    for standing in standings:
        if not standing.gaps:
            continue
        terminal.say(f"\n{standing.consumer.title}, {standing.city.name}")
        for gap in sorted(standing.gaps.values(), key=lambda gap: (not gap.rule.stops, -gap.count)):
            sign = "✗" if gap.rule.stops else "–"
            sources = ", ".join(sorted(gap.sources, key=lambda name: -gap.sources[name])[:3])
            terminal.say(f"  {sign} {gap.count} × {gap.rule.what.in_(terminal.lang)} ({gap.examples[0]}; {sources})")
            terminal.say(f"    {gap.rule.fix.in_(terminal.lang)}")
