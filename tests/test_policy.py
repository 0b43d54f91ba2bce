"""Policies: each refusal says its sentence, limits hold to the day, decisions are found for what they name and nothing else."""

import datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from catalog.policy import CODES, Policies, load
from catalog.public import Reason
from dcat.errors import ConfigError
from dcat.message import Message
from harvesters.source import Identity

EXAMPLES = Path(__file__).parent.parent / "examples" / "policies"
ENTRY = {
    "scope": "dataset",
    "source": "da-amt",
    "dataset": "fledermausquartiere",
    "code": "N1",
    "legal_basis": "§ 44 BNatSchG",
    "public_text": "Die Quartiere bleiben geheim, weil Besuche die Tiere stören würden.",
    "requested_by": "Grünflächenamt",
    "approved_by": "Untere Naturschutzbehörde",
    "decided": datetime.date(2026, 10, 5),
    "review_by": datetime.date(2027, 10, 5),
}
FILE = ENTRY | {"scope": "distribution", "file": "standorte.csv"}


def policies(folder: Path, *entries: Any, name: str = "stadt.yaml") -> Policies:
    with (folder / name).open("w", encoding="utf-8") as target:
        YAML(typ="safe", pure=True).dump({"city": "darmstadt", "withhold": list(entries)}, target)
    return load(folder)


def refusal(folder: Path, entry: Any) -> str:
    with pytest.raises(ConfigError) as error:
        policies(folder, ENTRY, entry)
    start = f"{folder / 'stadt.yaml'}: withhold, Eintrag 2: "
    assert error.value.message.de.startswith(start)
    assert error.value.message.en.startswith(f"{folder / 'stadt.yaml'}: withhold, entry 2: ")
    return error.value.message.de.removeprefix(start)


def text_refusal(folder: Path, text: str) -> str:
    (folder / "stadt.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load(folder)
    return error.value.message.de.removeprefix(f"{folder / 'stadt.yaml'}: ")


def test_a_decision_is_read(tmp_path: Path) -> None:
    entry = ENTRY | {"public_text": ENTRY["public_text"].replace(" ", "\n  "), "public_text_en": "Secret\nroosts."}
    (found,) = policies(tmp_path, entry).withholdings
    assert (found.scope, found.source, found.dataset, found.file) == ("dataset", "da-amt", "fledermausquartiere", "")
    assert found.reason == Reason(
        code="N1",
        text=Message(ENTRY["public_text"], "Secret roosts."),
        legal_basis="§ 44 BNatSchG",
        review_by="2027-10-05",
    )


def test_without_an_english_text_the_german_stands_for_both(tmp_path: Path) -> None:
    (found,) = policies(tmp_path, ENTRY).withholdings
    assert found.reason.text.en == ENTRY["public_text"]


@pytest.mark.parametrize("key", [key for key in ENTRY if key != "remedy"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_what_is_missing_is_named(tmp_path: Path, key: str, value: Any) -> None:
    assert refusal(tmp_path, ENTRY | {key: value}) == f"es fehlt {key}."
    assert refusal(tmp_path, {k: v for k, v in ENTRY.items() if k != key}) == f"es fehlt {key}."


def test_everything_missing_is_named_at_once(tmp_path: Path) -> None:
    assert refusal(tmp_path, {}).startswith("es fehlt scope, source, dataset, code, legal_basis, public_text")


@pytest.mark.parametrize("entry", ["alles", 7, None, ["dataset"]])
def test_an_entry_is_a_mapping(tmp_path: Path, entry: Any) -> None:
    assert refusal(tmp_path, entry) == "erwartet werden „Schlüssel: Wert“-Zeilen."


def test_unknown_keys_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path, ENTRY | {"grund": "x", "datei": "y"}) == "unbekannt: datei, grund."


@pytest.mark.parametrize(
    "changes",
    [{"scope": "column"}, {"scope": "distribution"}, {"file": "standorte.csv"}, {"scope": ["dataset"]}],
)
def test_scopes(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert refusal(tmp_path, ENTRY | changes) == "scope ist dataset, oder distribution mit file."


@pytest.mark.parametrize("code", ["poor quality", "schlechte Qualität", "could be misread", "no demand", "n1", "P3", 1])
def test_what_is_no_coded_reason_is_refused(tmp_path: Path, code: Any) -> None:
    sentence = refusal(tmp_path, ENTRY | {"code": code})
    assert sentence == (
        f"„{code}“ ist kein zulässiger Grund (zulässig: {', '.join(CODES)}); schlechte Qualität oder fehlende "
        "Nachfrage sind keine Gründe."
    )


def test_the_codes_are_those_of_the_frame() -> None:
    months = {code: known.months for code, known in CODES.items()}
    assert months == {
        "P1": 24, "P2": 12, "G1": 12, "U1": 12, "S1": 24, "S2": 24, "V1": 6, "E1": 6, "A1": 3, "B1": 36, "N1": 24,
        "X1": 12, "D1": 12,
    }  # fmt: skip


@pytest.mark.parametrize("text, fits", [("x" * 40, True), ("x" * 39, False), ("x" + " " * 60 + "y", False), (7, False)])
def test_the_public_text_says_something(tmp_path: Path, text: Any, fits: bool) -> None:
    if fits:
        assert policies(tmp_path, ENTRY | {"public_text": text}).withholdings
    else:
        assert refusal(tmp_path, ENTRY | {"public_text": text}) == "public_text braucht 40 Zeichen oder mehr."


@pytest.mark.parametrize("approver", ["Grünflächenamt", " Grünflächenamt ", "grünflächenamt", "GRÜNFLÄCHENAMT"])
def test_four_eyes(tmp_path: Path, approver: str) -> None:
    sentence = refusal(tmp_path, ENTRY | {"approved_by": approver})
    assert sentence == "requested_by und approved_by müssen verschieden sein."


@pytest.mark.parametrize("code", CODES)
def test_review_limits(tmp_path: Path, code: str) -> None:
    decided = datetime.date(2026, 10, 5)
    month = decided.month - 1 + CODES[code].months
    last = datetime.date(decided.year + month // 12, month % 12 + 1, decided.day)
    entry = ENTRY | {"code": code, "decided": decided}
    assert policies(tmp_path, entry | {"review_by": last}).withholdings[0].reason.review_by == last.isoformat()
    assert policies(tmp_path, entry | {"review_by": decided + datetime.timedelta(days=1)}).withholdings
    expected = f"review_by muss nach decided und binnen {CODES[code].months} Monaten liegen."
    for wrong in (last + datetime.timedelta(days=1), decided, decided - datetime.timedelta(days=1)):
        assert refusal(tmp_path, entry | {"review_by": wrong}) == expected


@pytest.mark.parametrize(
    "code, decided, last",
    [
        ("V1", "2026-08-31", "2027-02-28"),
        ("V1", "2027-08-31", "2028-02-29"),
        ("V1", "2026-08-28", "2027-02-28"),
        ("A1", "2026-11-30", "2027-02-28"),
        ("A1", "2026-01-31", "2026-04-30"),
        ("A1", "2026-10-31", "2027-01-31"),
        ("A1", "2026-09-30", "2026-12-30"),
        ("P2", "2028-02-29", "2029-02-28"),
        ("B1", "2026-12-31", "2029-12-31"),
    ],
)
def test_review_limits_at_the_end_of_a_month(tmp_path: Path, code: str, decided: str, last: str) -> None:
    entry = ENTRY | {"code": code, "decided": decided}
    assert policies(tmp_path, entry | {"review_by": last}).withholdings
    after = datetime.date.fromisoformat(last) + datetime.timedelta(days=1)
    assert refusal(tmp_path, entry | {"review_by": after}).startswith("review_by muss nach decided")


@pytest.mark.parametrize("key", ["decided", "review_by"])
@pytest.mark.parametrize("value", ["demnächst", "2027-02-30", "05.10.2026", 2027, ["2027-01-01"]])
def test_dates(tmp_path: Path, key: str, value: Any) -> None:
    assert refusal(tmp_path, ENTRY | {key: value}) == f"{key} ist kein Datum wie 2027-05-31."


def test_a_time_of_day_counts_as_its_day(tmp_path: Path) -> None:
    entry = ENTRY | {"decided": datetime.datetime(2026, 10, 5, 12), "review_by": datetime.datetime(2027, 10, 5, 8)}  # noqa: DTZ001
    assert policies(tmp_path, entry).withholdings[0].reason.review_by == "2027-10-05"


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("withhold: alles", "withhold ist keine Liste."),
        ("withhold: {scope: dataset}", "withhold ist keine Liste."),
        ("withold: []", "unbekannt: withold."),
        ("- scope: dataset", "erwartet werden „Schlüssel: Wert“-Zeilen."),
    ],
)
def test_a_file_that_is_no_policy(tmp_path: Path, text: str, sentence: str) -> None:
    assert text_refusal(tmp_path, text) == sentence


def test_a_file_that_is_no_yaml(tmp_path: Path) -> None:
    (tmp_path / "stadt.yaml").write_text("withhold: [", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"stadt\.yaml cannot be read"):
        load(tmp_path)


@pytest.mark.parametrize("text", ["", "city: darmstadt", "city: darmstadt\nwithhold:", "withhold: []"])
def test_nothing_is_held_back_where_nothing_is_written(tmp_path: Path, text: str) -> None:
    (tmp_path / "stadt.yaml").write_text(text, encoding="utf-8")
    assert load(tmp_path) == Policies()


def test_no_folder_means_everything_is_open(tmp_path: Path) -> None:
    assert load(tmp_path / "fehlt") == Policies()


def test_every_file_of_the_folder_counts(tmp_path: Path) -> None:
    policies(tmp_path, ENTRY, name="a.yaml")
    found = policies(tmp_path, FILE, name="b.yml")
    (tmp_path / "notiz.txt").write_text("withhold: [", encoding="utf-8")
    assert [withholding.scope for withholding in found.withholdings] == ["dataset", "distribution"]


def test_decisions_are_found_for_what_they_name(tmp_path: Path) -> None:
    found = policies(tmp_path, ENTRY, FILE | {"dataset": "brunnen"})
    reason = found.withholdings[0].reason
    assert found.dataset("da-amt", "fledermausquartiere") == reason
    assert found.dataset("da-amt", "brunnen") is None
    assert found.dataset("wi-amt", "fledermausquartiere") is None
    assert found.file("da-amt", "brunnen", "standorte.csv") == found.withholdings[1].reason
    assert found.file("da-amt", "brunnen", "zahlen.csv") is None
    assert found.file("wi-amt", "brunnen", "standorte.csv") is None
    assert found.file("da-amt", "fledermausquartiere", "standorte.csv") is None


def test_a_file_that_is_uploaded_anew_stays_held_back(tmp_path: Path) -> None:
    found = policies(tmp_path, FILE | {"dataset": "brunnen", "file": "standorte_3.csv"})
    steady = Identity(distribution="strip-suffix:_[0-9]+").distribution_id
    for name in ("standorte.csv", "standorte_0.csv", "standorte_3.csv"):
        assert found.file("da-amt", "brunnen", name, steady) is not None
    assert found.file("da-amt", "brunnen", "standorte_alt.csv", steady) is None
    assert found.file("da-amt", "brunnen", "standorte.csv") is None, "without a rule the name is the name"


def test_umlauts_of_a_mac_name_the_same_file(tmp_path: Path) -> None:
    found = policies(tmp_path, FILE | {"dataset": "ba\u0308ume", "file": "Gro\u0308ße.csv"})
    assert found.file("da-amt", "bäume", "Größe.csv") is not None


def test_the_examples_can_be_read() -> None:
    found = load(EXAMPLES)
    assert [(w.scope, w.source, w.dataset, w.file, w.reason.code) for w in found.withholdings] == [
        ("dataset", "ffm-gruenflaechen", "fledermausquartiere", "", "N1"),
        ("distribution", "wi-umwelt", "notwasserbrunnen", "notwasserbrunnen.geojson", "S2"),
    ]
    assert len(list(EXAMPLES.glob("*.yaml"))) == 3
    assert all(w.reason.text.de != w.reason.text.en for w in found.withholdings)
