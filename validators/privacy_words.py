"""How a verdict about personal data is put into words: the column, how many cells, how sure, and what to do."""

from dataclasses import dataclass

from dcat.message import Message
from validators.privacy_kinds import Confidence
from validators.wording import cells


@dataclass(frozen=True, slots=True)
class Words:
    """What a column holds, in the middle of a sentence, and the next step."""

    code: str
    what: Message
    fix: Message


ADDRESS = Words(
    "private-address",
    Message("Adressen neben Namen von Personen", "addresses beside names of persons"),
    Message(
        "Löschen Sie auch diese Spalte oder vergröbern Sie sie auf Straße ohne Hausnummer oder Stadtteil; eine Adresse verrät oft, wer dort wohnt.",
        "Delete this column too, or coarsen it to the street without number or the district; an address often tells who lives there.",
    ),
)
PHONE = Words(
    "private-phone",
    Message("Telefonnummern neben Namen von Personen", "telephone numbers beside names of persons"),
    Message(
        "Löschen Sie die Spalte oder nennen Sie die Nummer der Dienststelle.",
        "Delete the column, or give the number of the office.",
    ),
)
FREE_TEXT = Words(
    "free-text",
    Message("freien Text", "free text"),
    Message(
        "Sehen Sie die Spalte durch: In ganzen Sätzen können Namen und Angaben über Personen stehen, die kein Muster haben.",
        "Look through the column: sentences can hold names and particulars of persons that follow no pattern.",
    ),
)
WHY = {
    Confidence.CERTAIN: Message(
        "Personenbezogene Daten dürfen nicht als offene Daten veröffentlicht werden.",
        "Personal data must not be published as open data.",
    ),
    Confidence.PROBABLE: Message(
        "Personenbezogene Daten dürfen nicht als offene Daten veröffentlicht werden. Ist es ein Fehlalarm, kann die Datenpflege ihn mit Grund verwerfen.",
        "Personal data must not be published as open data. If this is a false alarm, the stewards can dismiss it with a reason.",
    ),
    Confidence.LOOK: Message(
        "Ob es um Privatpersonen geht, kann nur ein Mensch entscheiden; die Datei wird deshalb nicht aufgehalten.",
        "Only a human can tell whether private persons are concerned; the file is not kept back for this.",
    ),
}
_SURE = {
    Confidence.CERTAIN: Message("enthält", "holds"),
    Confidence.PROBABLE: Message("enthält vermutlich", "probably holds"),
    Confidence.LOOK: Message("enthält vielleicht", "may hold"),
}


def sentence(words: Words, letter: str, count: int, share: float, confidence: Confidence) -> Message:
    """Say what a column holds, in how many cells, and how sure that is."""
    number, sure = cells(count), _SURE[confidence]
    percent = f"{max(1, round(share * 100))} %"
    return Message(
        f"Spalte {letter} {sure.de} {words.what.de} ({number.de}, {percent} der gefüllten).",
        f"Column {letter} {sure.en} {words.what.en} ({number.en}, {percent} of those filled).",
    )
