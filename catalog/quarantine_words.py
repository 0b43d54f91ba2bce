"""What the codes of the quarantine mean in general, and the next step: nothing in it comes from a record."""

from dataclasses import dataclass

from dcat.message import Message


@dataclass(frozen=True, slots=True)
class Meaning:
    """Why records with a code wait, and who can do what."""

    what: Message
    next: Message


CODES = {
    "unreadable": Meaning(
        Message(
            "Der Datensatz hat keine Kennung oder keinen Titel oder ist sonst nicht lesbar.",
            "The record has no id or no title, or cannot be read for another reason.",
        ),
        Message(
            "Die Stelle ergänzt die Angabe in ihrer Quelle; die nächste Ernte nimmt ihn auf.",
            "The department adds what is missing in its source; the next harvest takes it in.",
        ),
    ),
    "profile": Meaning(
        Message(
            "Der Beschreibung fehlt eine Pflichtangabe von DCAT-AP.de.",
            "The description lacks something that DCAT-AP.de demands.",
        ),
        Message(
            "Die Stelle ergänzt die Angabe, oder sie wird in der Quelldefinition unter „defaults“ vorgegeben.",
            "The department adds it, or it is given under “defaults” in the source definition.",
        ),
    ),
    "duplicate-id": Meaning(
        Message(
            "Die Kennung kommt in der Quelle mehrfach vor; der erste Datensatz zählt.",
            "The id occurs several times in the source; the first record counts.",
        ),
        Message("Die Stelle gibt jedem Datensatz eine eigene Kennung.", "The department gives each record its own id."),
    ),
    "duplicate": Meaning(
        Message(
            "Derselbe Datensatz kommt schon aus einer anderen Quelle.",
            "The same dataset comes from another source already.",
        ),
        Message(
            "Es ist nichts zu tun: er ist unter der anderen Quelle zu finden.", "Nothing is to be done: find it there."
        ),
    ),
    "echo": Meaning(
        Message(
            "Die Quelle hat einen unserer eigenen Datensätze übernommen; er kommt nicht als neuer zurück.",
            "The source has taken over one of our own datasets; it does not come back as a new one.",
        ),
        Message("Es ist nichts zu tun.", "Nothing is to be done."),
    ),
    "internal": Meaning(
        Message(
            "Der Datensatz hat in unserem Programm einen Fehler ausgelöst.",
            "The record caused an error in our program.",
        ),
        Message(
            "Der Betreiber meldet den Fehler; im Protokoll steht mehr.",
            "The operator reports the error; the log has more.",
        ),
    ),
}
OTHER = Meaning(
    Message("Der Datensatz kann so nicht übernommen werden.", "The record cannot be taken in as it is."),
    Message("Der Betreiber des Katalogs weiß den Grund.", "The operator of the catalogue knows the reason."),
)


def meaning(code: str) -> Meaning:
    """Say what a code means; a general sentence for one that is new."""
    return CODES.get(code, OTHER)
