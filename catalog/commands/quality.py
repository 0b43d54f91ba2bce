"""offenbar quality"""

from collections.abc import Mapping

import click
from sqlalchemy.orm import Session

from catalog import organizations, quality, quality_report, store
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.instance import Instance
from catalog.quality import Examined
from catalog.quality_report import Gain, Group
from dcat.errors import NotFoundError
from dcat.message import Message
from dcat.quality import DIMENSIONS, most
from dcat.quality import band as band_of


@click.command()
@click.argument("dataset", metavar="[DATENSATZ]", required=False, default="")
@click.option("--city", default="", help="Nur diese Kommune. / This city only.")
@click.option(
    "--organization",
    default="",
    help="Nur diese Organisation, mit ihrem Kurznamen. / This organisation only, by its short name.",
)
@json_option
@pass_terminal
def command(terminal: Terminal, dataset: str, city: str, organization: str, as_json: bool) -> None:
    """Die Qualität der Metadaten nach dem Verfahren von data.europa.eu zeigen (405 Punkte), und was am meisten bringt.

    Show the quality of the metadata by the method of data.europa.eu (405 points), and what would gain most.

    Beispiel / Example: offenbar quality --city frankfurt
    """
    instance = opened()
    with instance.database.reading() as session:
        if dataset:
            found = _examined(session, dataset)
            city_of = instance.config.find_city(found.shown.city)
            place = city_of.place if city_of else ""
            terminal.data(quality.dataset_json(found, place)) if as_json else _say_dataset(terminal, found, place)
            return
        groups = _groups(instance, session, city, organization)
        gains = {group.name: quality_report.exemplified(session, group) for group in groups}
    if as_json:
        terminal.data([quality_report.group_json(group) for group in groups])
    else:
        _say_groups(terminal, groups, gains)


def _examined(session: Session, name_or_id: str) -> Examined:
    row = store.find_row(session, name_or_id)
    found = quality.examine(session, [row.id]) if row else []
    if not found:
        raise NotFoundError(
            Message(
                f"Einen veröffentlichten Datensatz „{name_or_id}“ gibt es nicht. Nächster Schritt: offenbar dataset list",
                f"There is no published dataset “{name_or_id}”. Next step: offenbar dataset list",
            )
        )
    return found[0]


def _groups(instance: Instance, session: Session, city: str, organization: str) -> tuple[Group, ...]:
    """Choose the groups to show: cities, then organisations."""
    if city:
        instance.config.city(city)
    if organization and organizations.find(session, organization) is None:
        raise NotFoundError(
            Message(
                f"Die Organisation „{organization}“ gibt es nicht. Nächster Schritt: offenbar quality",
                f"There is no organisation “{organization}”. Next step: offenbar quality",
            )
        )
    _, cities, offices = quality_report.groups(session, instance.config)
    found = [] if organization else [group for group in cities if city in ("", group.name)]
    found += [g for g in offices if city in ("", g.city) and organization in ("", g.name)]
    return tuple(found)


def _say_groups(terminal: Terminal, groups: tuple[Group, ...], gains: Mapping[str, tuple[Gain, ...]]) -> None:
    lang = terminal.lang
    rows = [
        (
            group.name,
            group.datasets,
            f"{group.average:.0f}",
            group.band.label.in_(lang) if group.datasets else "",
            *(f"{share:.0%}" for share in group.shares.values()),
        )
        for group in groups
    ]
    columns = [terminal.t("Kommune, Organisation", "city, organisation"), terminal.t("Datensätze", "datasets")]
    columns += [terminal.t(f"von {most()}", f"of {most()}"), terminal.t("Stufe", "band")]
    terminal.table((*columns, *(label.in_(lang) for label in DIMENSIONS.values())), rows)
    for group in groups:
        for gain in gains[group.name]:
            terminal.say(
                f"\n{group.name}: {gain.metric.label.in_(lang)}, "
                + terminal.t(
                    f"{gain.datasets} Datensätze, +{gain.points} Punkte",
                    f"{gain.datasets} datasets, +{gain.points} points",
                )
                + f"\n  {gain.metric.fix.in_(lang)}\n  {gain.mend}"
            )


def _say_dataset(terminal: Terminal, found: Examined, place: str) -> None:
    lang, score, name = terminal.lang, found.score, found.shown.name
    band = band_of(score.total).label.in_(lang)
    terminal.say(f"{name}: {score.total} {terminal.t('von', 'of')} {most()}, {band}")
    dimension = ""
    for one in score.measurements:
        metric = one.metric
        if metric.dimension != dimension:
            dimension = metric.dimension
            reached = score.dimensions[dimension]
            terminal.say(f"\n{DIMENSIONS[dimension].in_(lang)}: {reached} {terminal.t('von', 'of')} {most(dimension)}")
        terminal.say(f"  {one.points:>2}/{metric.points:<2}  {metric.label.in_(lang)}: {one.reason.in_(lang)}")
        if not one.met:
            terminal.say(f"         {metric.fix.in_(lang)}\n         {metric.mending(name, place)}")
