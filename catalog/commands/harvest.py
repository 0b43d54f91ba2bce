"""offenbar harvest: plan, run, resume, status, approve, reject, replay"""

import dataclasses
from typing import Any

import click

from catalog import examples, jobs, search, tables
from catalog.commands.catalogue import opened
from catalog.commands.terminal import Terminal, json_option, pass_terminal
from catalog.ingest import decisions, quarantine
from catalog.ingest import run as runs
from catalog.ingest.run import Outcome
from catalog.instance import Instance
from catalog.jobs import Checks
from catalog.models import Run
from dcat.errors import ConfigError, OffenbarError
from dcat.message import Message

STATUS = {
    "applied": Message("übernommen", "applied"),
    "unchanged": Message("unverändert", "unchanged"),
    "held": Message("angehalten", "held"),
    "partial": Message("unvollständig gelesen", "read in part"),
    "failed": Message("gescheitert", "failed"),
    "planned": Message("geplant", "planned"),
    "rejected": Message("verworfen", "rejected"),
    "superseded": Message("überholt", "superseded"),
    "expired": Message("verfallen", "expired"),
    "": Message("läuft", "running"),
}
_BLOCKING = ("held", "partial", "failed")
sources_argument = click.argument("sources", nargs=-1, metavar="[QUELLE...]")


@click.group()
def command() -> None:
    """Quellen ernten, Pläne ansehen und entscheiden. / Harvest sources, look at plans and decide.

    Beispiel / Example: offenbar harvest run
    """


@command.command()
@sources_argument
@click.option(
    "--full",
    is_flag=True,
    help="Jede Seite ganz abrufen, auch unveränderte. / Fetch every page in full, unchanged ones too.",
)
@json_option
@pass_terminal
def run(terminal: Terminal, sources: tuple[str, ...], full: bool, as_json: bool) -> int:
    """Quellen ernten und veröffentlichen, alle oder die genannten; danach ihre Dateien prüfen.

    Harvest and publish sources, all or those named; then check their files.

    Beispiel / Example: offenbar harvest run da-statistik
    """
    instance = opened()
    outcomes = []
    with examples.served(instance.config.home), tables.Checker() as checker:
        for source in instance.sources(sources):
            with terminal.progress(source.id) as tick:
                try:
                    outcome = jobs.harvest(instance, source, full=full, tick=tick)
                    checks = jobs.check_files(instance, source, checker.check, tick=tick)
                except OffenbarError as error:
                    # One source's trouble is no reason to leave out the others.
                    outcome, checks = jobs.failed(source, error.message), Checks()
            outcomes.append(outcome)
            if not as_json:
                _say(terminal, outcome, checks)
                _say_quarantine(terminal, instance, outcome)
    search.catch_up(instance)
    for decision in jobs.without_effect(instance):
        what = " / ".join(part for part in (decision.source, decision.dataset, decision.file) if part)
        terminal.note(
            Message(
                f"Achtung: Die Entscheidung zurückzuhalten trifft nichts: {what}. Nächster Schritt: Schreibweise prüfen.",
                f"Mind: the decision to withhold meets nothing: {what}. Next step: check the spelling.",
            )
        )
    return end(terminal, outcomes, as_json)


@command.command()
@sources_argument
@json_option
@pass_terminal
def plan(terminal: Terminal, sources: tuple[str, ...], as_json: bool) -> None:
    """Zeigen, was eine Ernte ändern würde; am Katalog ändert sich nichts.

    Show what a harvest would change; nothing changes in the catalogue.

    Beispiel / Example: offenbar harvest plan da-statistik
    """
    instance = opened()
    plans: list[dict[str, Any]] = []
    with examples.served(instance.config.home):
        for source in instance.sources(sources):
            with terminal.progress(source.id) as tick:
                outcome = jobs.harvest(instance, source, dry=True, tick=tick)
            with instance.database.reading() as session:
                items = runs.plan_items(session, outcome.run)
            if not as_json:
                _say(terminal, outcome, Checks())
                for item in items:
                    why = Message(*item.reason[1:]).in_(terminal.lang) if item.reason else ", ".join(item.fields)
                    terminal.say(f"  {item.action:<10} {item.title or item.remote_id}  {why}")
            changes = [
                {"action": i.action, "id": i.remote_id, "title": i.title, "fields": i.fields, "reason": i.reason}
                for i in items
            ]
            plans.append({**_data(outcome), "changes": changes})
    if as_json:
        terminal.data(plans)


@command.command()
@sources_argument
@json_option
@pass_terminal
def resume(terminal: Terminal, sources: tuple[str, ...], as_json: bool) -> int:
    """Unterbrochene Läufe zu Ende bringen. / Bring interrupted runs to their end.

    Beispiel / Example: offenbar harvest resume
    """
    instance = opened()
    outcomes = []
    with examples.served(instance.config.home):
        for source in instance.sources(sources):
            with terminal.progress(source.id) as tick:
                try:
                    outcome = jobs.resume(instance, source, tick=tick)
                except OffenbarError as error:
                    outcome = jobs.failed(source, error.message)
            if outcome is not None:
                outcomes.append(outcome)
                if not as_json:
                    _say(terminal, outcome, Checks())
    if not outcomes and not as_json:
        terminal.say(Message("Kein Lauf ist unterbrochen.", "No run is interrupted."))
    return end(terminal, outcomes, as_json)


@command.command()
@sources_argument
@json_option
@pass_terminal
def status(terminal: Terminal, sources: tuple[str, ...], as_json: bool) -> None:
    """Die letzten Läufe zeigen. / Show the latest runs.

    Beispiel / Example: offenbar harvest status
    """
    instance = opened()
    with instance.database.reading() as session:
        found = (
            [run for source in sources for run in runs.history(session, source)] if sources else runs.history(session)
        )
    if as_json:
        terminal.data([_run(run) for run in found])
        return
    columns = ("Lauf", "Quelle", "Beginn", "Stand", "gesehen", "neu", "geändert", "fehlend", "entfernt", "Quarantäne")
    english = ("run", "source", "started", "status", "seen", "new", "changed", "missing", "removed", "quarantine")
    keys = ("seen", "created", "updated", "missing", "removed", "quarantined")
    rows = [
        (
            r.id,
            r.source_id,
            f"{r.started_at:%Y-%m-%d %H:%M}",
            STATUS[r.status].in_(terminal.lang),
            *(r.counts[k] for k in keys),
        )
        for r in found
    ]
    terminal.table(english if terminal.lang == "en" else columns, rows)
    for run in found:
        for reason in run.reason[:3]:
            terminal.say(
                f"{terminal.t('Lauf', 'run')} {run.id}, {run.source_id}: {Message(*reason).in_(terminal.lang)}"
            )
        if run.phase == "held":
            terminal.say(f"  {_decisions(run.source_id)}")


def _decisions(source: str) -> str:
    return f"offenbar harvest approve {source} [--additions|--rekey] | offenbar harvest reject {source}"


@command.command()
@click.argument("source", metavar="QUELLE")
@click.option(
    "--additions", is_flag=True, help="Nur Neues übernehmen, nichts ändern oder entfernen. / Apply additions only."
)
@click.option(
    "--rekey",
    is_flag=True,
    help="Datensätzen mit neuer Kennung und gleichem Titel ihre Adresse lassen. / Let datasets with a new id and the same title keep their address.",
)
@json_option
@pass_terminal
def approve(terminal: Terminal, source: str, additions: bool, rekey: bool, as_json: bool) -> int:
    """Einen angehaltenen Plan übernehmen; was darin fehlt, gilt als weg. / Apply a held plan; what is missing in it counts as gone.

    Beispiel / Example: offenbar harvest approve da-statistik
    """
    if additions and rekey:
        raise ConfigError(
            Message("--additions und --rekey schließen einander aus.", "--additions and --rekey exclude each other.")
        )
    decision = decisions.ADDITIONS if additions else decisions.REKEYED if rekey else decisions.APPROVED
    return _decide(terminal, source, decision, as_json)


@command.command()
@click.argument("source", metavar="QUELLE")
@json_option
@pass_terminal
def reject(terminal: Terminal, source: str, as_json: bool) -> int:
    """Einen angehaltenen Plan verwerfen; der Katalog bleibt, wie er ist. / Drop a held plan; the catalogue stays as it is.

    Beispiel / Example: offenbar harvest reject da-statistik
    """
    return _decide(terminal, source, decisions.REJECTED, as_json)


@command.command()
@click.argument("source", metavar="QUELLE")
@click.option(
    "--run",
    "run_id",
    type=int,
    help="Der Lauf, dessen Seiten gelesen werden; sonst der letzte. / The run whose pages are read; else the latest.",
)
@click.option("--dry", is_flag=True, help="Nur zeigen, was sich ändern würde. / Only show what would change.")
@json_option
@pass_terminal
def replay(terminal: Terminal, source: str, run_id: int | None, dry: bool, as_json: bool) -> int:
    """Die aufbewahrten Seiten eines Laufs nach den heutigen Regeln neu lesen; die Quelle wird nicht gefragt.

    Read the kept pages of a run anew by today's rules; the source is not asked.

    Beispiel / Example: offenbar harvest replay da-statistik --dry
    """
    instance = opened()
    (found,) = instance.sources((source,))
    with examples.served(instance.config.home), terminal.progress(source) as tick:
        outcome = jobs.replay(instance, found, run_id, dry=dry, tick=tick)
    if not as_json:
        say_outcome(terminal, outcome)
    return end(terminal, [outcome], as_json)


def _decide(terminal: Terminal, source: str, decision: str, as_json: bool) -> int:
    instance: Instance = opened()
    (found,) = instance.sources((source,))
    outcome = jobs.decide(instance, found, decision)
    if not as_json:
        say_outcome(terminal, outcome)
    return end(terminal, [outcome], as_json)


def end(terminal: Terminal, outcomes: list[Outcome], as_json: bool) -> int:
    """Write outcomes as JSON if that is wanted, and give the exit code."""
    if as_json:
        terminal.data([_data(outcome) for outcome in outcomes])
    return 1 if any(outcome.status in _BLOCKING for outcome in outcomes) else 0


def _data(outcome: Outcome) -> dict[str, Any]:
    return {
        "source": outcome.source,
        "status": outcome.status,
        "counts": dataclasses.asdict(outcome.counts),
        "reason": " ".join(reason.de for reason in outcome.reasons),
        "reason_en": " ".join(reason.en for reason in outcome.reasons),
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "run": run.id,
        "source": run.source_id,
        "phase": run.phase,
        "status": run.status,
        "started": run.started_at.isoformat(),
        "finished": run.finished_at.isoformat() if run.finished_at else None,
        "counts": run.counts,
        "reason": " ".join(de for de, _ in run.reason),
        "reason_en": " ".join(en for _, en in run.reason),
    }


def _say_quarantine(terminal: Terminal, instance: Instance, outcome: Outcome, most: int = 5) -> None:
    """Name the first records that could not be taken in, each with its reason."""
    if not outcome.counts.quarantined:
        return
    with instance.database.reading() as session:
        rows = quarantine.waiting(session, outcome.source)
    for row in rows[:most]:
        terminal.say(f"  {row.remote_id}: {Message(*row.reason).in_(terminal.lang)}")
    if len(rows) > most:
        terminal.say(Message(f"  und {len(rows) - most} weitere", f"  and {len(rows) - most} more"))


def say_outcome(terminal: Terminal, outcome: Outcome) -> None:
    """Say how a run ended."""
    _say(terminal, outcome, Checks())


def _say(terminal: Terminal, outcome: Outcome, checks: Checks) -> None:
    c = outcome.counts
    line = Message(
        f"{outcome.source}: {STATUS[outcome.status].de} – {c.seen} gesehen, {c.created} neu, {c.updated} geändert, "
        f"{c.unchanged} unverändert, {c.missing} fehlend, {c.removed} entfernt, {c.quarantined} in Quarantäne",
        f"{outcome.source}: {STATUS[outcome.status].en} – {c.seen} seen, {c.created} new, {c.updated} changed, "
        f"{c.unchanged} unchanged, {c.missing} missing, {c.removed} removed, {c.quarantined} in quarantine",
    )
    files = Message(
        f"; {checks.made} Dateien geprüft, {checks.changed} mit neuem Ergebnis",
        f"; {checks.made} files checked, {checks.changed} with a new result",
    )
    terminal.say(line.in_(terminal.lang) + (files.in_(terminal.lang) if checks.made else ""))
    for reason in outcome.reasons:
        terminal.say(f"  {reason.in_(terminal.lang)}")
    if outcome.status == "held":
        terminal.say(f"  {_decisions(outcome.source)}")
