"""What notices say: a sentence and the next step, in German and English. Public: ids, counts and times, nothing else of a source."""

from collections.abc import Mapping

from dcat.message import Message

TITLES: Mapping[str, Message] = {
    "failing": Message("Quelle {0} ist gestört", "Source {0} is failing"),
    "held": Message("Quelle {0}: ein Plan wartet", "Source {0}: a plan is waiting"),
    "recovered": Message("Quelle {0} läuft wieder", "Source {0} has recovered"),
    "conflict": Message("Quelle {0}: Bearbeitetes hat sich geändert", "Source {0}: edited fields have changed"),
    "left": Message("Quelle {0} wird nicht mehr geerntet", "Source {0} is no longer harvested"),
    "digest": Message("Wochenbericht der Ernte", "Weekly report of the harvest"),
}


def title(kind: str, source_id: str) -> Message:
    """Give the headline of a notice."""
    found = TITLES[kind]
    return Message(found.de.format(source_id), found.en.format(source_id))


def failing(source_id: str, failures: int) -> Message:
    """A source could not be read several times in a row."""
    return Message(
        f"Die Quelle {source_id} konnte {failures}-mal nacheinander nicht vollständig gelesen werden. Veröffentlichtes "
        f"bleibt, wie es ist. Nächster Schritt: offenbar harvest plan {source_id} zeigt den Grund; dann beim Amt nachfragen.",
        f"The source {source_id} could not be read completely {failures} times in a row. What is published stays as it is. "
        f"Next step: offenbar harvest plan {source_id} shows the reason; then ask the department.",
    )


def held(source_id: str, counts: Mapping[str, int]) -> Message:
    """A plan changes more than a healthy source does, and waits for a steward."""
    number = {name: int(counts.get(name, 0)) for name in ("created", "updated", "missing", "quarantined")}
    return Message(
        f"Der Plan der Quelle {source_id} wartet auf eine Entscheidung: {number['created']} neu, {number['updated']} "
        f"geändert, {number['missing']} fehlen, {number['quarantined']} in Quarantäne. Bis dahin bleibt alles, wie es ist. "
        f"Nächster Schritt: beim Amt nachfragen, dann offenbar harvest approve {source_id} oder offenbar harvest reject "
        f"{source_id}.",
        f"The plan of the source {source_id} waits for a decision: {number['created']} new, {number['updated']} changed, "
        f"{number['missing']} missing, {number['quarantined']} in quarantine. Until then all stays as it is. Next step: ask "
        f"the department, then offenbar harvest approve {source_id} or offenbar harvest reject {source_id}.",
    )


def recovered(source_id: str) -> Message:
    """A source that failed, was held or had left is harvested as it should be."""
    return Message(
        f"Die Quelle {source_id} wird wieder geerntet. Es ist nichts weiter zu tun.",
        f"The source {source_id} is harvested again. Nothing needs to be done.",
    )


def conflict(source_id: str, datasets: int, fields: int) -> Message:
    """A source says something new in fields that stewards have edited."""
    return Message(
        f"Die Quelle {source_id} sagt in {fields} bearbeiteten Feldern von {datasets} Datensätzen etwas Neues. Die "
        "Bearbeitung gilt weiter. Nächster Schritt: offenbar dataset explain zeigt beide Fassungen.",
        f"The source {source_id} says something new in {fields} edited fields of {datasets} datasets. The edits stay in "
        "force. Next step: offenbar dataset explain shows both versions.",
    )


def left(source_id: str) -> Message:
    """The definition of a source is gone."""
    return Message(
        f"Die Quelle {source_id} hat keine Definition mehr und wird nicht mehr geerntet. Nächster Schritt: offenbar source "
        "list prüfen, und die Definition zurücklegen, wenn sie fehlt.",
        f"The source {source_id} has no definition any more and is no longer harvested. Next step: check offenbar source "
        "list, and put the definition back if it is missing.",
    )


def digest(healthy: int, waiting: Mapping[str, list[str]]) -> Message:
    """The state of a recipient's sources; `waiting` names those that are not as they should be, by state."""
    words = (("failing", "gestört", "failing"), ("held", "wartet auf eine Entscheidung", "waits for a decision"))
    german = [f"{source}: {de}" for state, de, _ in words for source in waiting.get(state, [])]
    english = [f"{source}: {en}" for state, _, en in words for source in waiting.get(state, [])]
    return Message(
        "\n".join(
            [
                f"{healthy} Quellen ohne Befund, {len(waiting.get('failing', []))} gestört, "
                f"{len(waiting.get('held', []))} mit wartendem Plan.",
                *german,
                *["Nächster Schritt: offenbar harvest status"] * bool(german),
            ]
        ),
        "\n".join(
            [
                f"{healthy} sources without findings, {len(waiting.get('failing', []))} failing, "
                f"{len(waiting.get('held', []))} with a plan that waits.",
                *english,
                *["Next step: offenbar harvest status"] * bool(english),
            ]
        ),
    )
