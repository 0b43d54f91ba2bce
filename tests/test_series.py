"""Series by file-name pattern: which files belong together, to which time each, and the one dataset they become."""

from datetime import date
from pathlib import Path
from urllib.parse import quote

import builders
import homes
import pytest
import source_site
from hypothesis import given
from hypothesis import strategies as st

from dcat.model import Dataset, Period, Text
from harvesters import series
from harvesters.base import Batch
from harvesters.files import FILES
from harvesters.source import FileDataset, lint

URL = "https://amt.example/ablage/"
QUARTERS = "verkehr_{year}_Q{quarter}.csv"


@pytest.mark.parametrize(
    ("pattern", "name", "first", "last", "title"),
    [
        (QUARTERS, "verkehr_2024_Q2.csv", "2024-04-01", "2024-06-30", "2024, 2. Quartal"),
        ("z_{year}.*", "z_2023.xlsx", "2023-01-01", "2023-12-31", "2023"),
        ("{year}-{month}_pegel.csv", "2024-02_pegel.csv", "2024-02-01", "2024-02-29", "2024, Februar"),
        ("pegel_{year}{month}.csv", "pegel_202412.csv", "2024-12-01", "2024-12-31", "2024, Dezember"),
        ("Pegel {month} {year}.csv", "Pegel März 2024.csv", "2024-03-01", "2024-03-31", "2024, März"),
        ("Pegel {month} {year}.csv", "Pegel sept 2024.csv", "2024-09-01", "2024-09-30", "2024, September"),
        ("{day}.{month}.{year} Zählung.csv", "7.5.2024 Zählung.csv", "2024-05-07", "2024-05-07", "07.05.2024"),
        ("p{date}.csv", "p20240229.csv", "2024-02-29", "2024-02-29", "29.02.2024"),
        ("p{date}.csv", "p2024-02-29.csv", "2024-02-29", "2024-02-29", "29.02.2024"),
        ("Zählstellen Größe {year}.csv", "Zählstellen Größe 2024.csv", "2024-01-01", "2024-12-31", "2024"),
        ("Z\u0061\u0308hler {year}.csv", "Zähler 2024.csv", "2024-01-01", "2024-12-31", "2024"),
        ("Zähler {year}.csv", "Z\u0061\u0308hler 2024.csv", "2024-01-01", "2024-12-31", "2024"),
        ("a?b[1]_{year}*.csv", "axb[1]_2024_neu.csv", "2024-01-01", "2024-12-31", "2024"),
    ],
)
def test_names_tell_times(pattern: str, name: str, first: str, last: str, title: str) -> None:
    assert series.fault(pattern) is None
    span = series.read(pattern, name)
    assert span is not None
    assert (span.period, span.title[0]) == (Period(start=first, end=last), Text(title, "de"))


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (QUARTERS, "verkehr_2024_Q5.csv"),
        (QUARTERS, "verkehr_24_Q1.csv"),
        (QUARTERS, "Verkehr_2024_Q1.csv"),
        (QUARTERS, "verkehr_2024_Q1.csv.bak"),
        (QUARTERS, "alt_verkehr_2024_Q1.csv"),
        ("p{date}.csv", "p20240230.csv"),
        ("p{date}.csv", "p2024-0229.csv"),
        ("p_{year}{month}.csv", "p_202413.csv"),
        ("p_{year}{month}.csv", "p_20240.csv"),
        ("p_{year}_{month}_{day}.csv", "p_2023_02_29.csv"),
        ("p_{year}.csv", "p_1850.csv"),
    ],
)
def test_other_names_are_not_of_the_series(pattern: str, name: str) -> None:
    assert series.read(pattern, name) is None


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("v_{yaer}.csv", "{yaer} is unknown, possible are {year}, {quarter}"),
        ("v_{quarter}.csv", "make no time"),
        ("v_{year}_{day}.csv", "make no time"),
        ("v_{year}_{date}.csv", "make no time"),
        ("v_{year}_{year}.csv", "twice"),
    ],
)
def test_patterns_that_tell_no_time_are_errors_of_the_definition(pattern: str, words: str) -> None:
    text = (
        f"id: a\ncity: b\ndepartment: C\ntype: files\nurl: {URL}\ndatasets:\n  - title: x\n    pattern: '{pattern}'\n"
    )
    (error,) = [finding for finding in lint(text.encode(), "q.yaml") if finding.level == "error"]
    assert error.line == 8 and words in error.message.en and error.message.de
    assert not [f for f in lint(text.replace(pattern, QUARTERS).encode(), "q.yaml") if f.level == "error"]


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_pattern_on_any_name(pattern: str, name: str) -> None:
    if series.fault(pattern) is None:
        span = series.read(pattern, name)
        assert span is None or span.first <= span.last
    assert series.identity(pattern) or not pattern
    series.matches(f"{pattern}{{year}}", name)


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_day_is_read_in_every_form(day: date) -> None:
    for pattern, name in (
        ("{date}.csv", f"{day}.csv"),
        ("{date}.csv", f"{day:%Y%m%d}.csv"),
        ("{year}{month}{day}.csv", f"{day:%Y%m%d}.csv"),
        ("{day}.{month}.{year}.csv", f"{day.day}.{day.month}.{day.year}.csv"),
    ):
        span = series.read(pattern, name)
        assert span is not None and (span.first, span.last) == (day, day)


def listing(*names: str, url: str = URL, **about: object) -> Batch:
    given = {"pattern": QUARTERS, "title": (Text("Verkehrszählung", "de"),)} | about
    source = builders.source(URL, datasets=(FileDataset(**given),))  # type: ignore[arg-type]
    links = "".join(f'<a href="{quote(name)}">x</a>' for name in names)
    return builders.read_page(FILES, builders.page(f"<html>{links}</html>", url, media_type="text/html"), source)


def datasets(batch: Batch) -> dict[str, Dataset]:
    return {record.remote_id: record.reading.dataset for record in batch.records}  # type: ignore[attr-defined]


def test_a_series_is_one_dataset_with_the_newest_file_first() -> None:
    found = datasets(listing("verkehr_2023_Q4.csv", "verkehr_2024_Q2.csv", "verkehr_2024_Q1.csv", "liesmich.txt"))
    assert list(found) == ["liesmich", "verkehr_{year}_Q{quarter}"]
    dataset = found["verkehr_{year}_Q{quarter}"]
    assert [d.title[0].value for d in dataset.distribution] == [
        "2024, 2. Quartal",
        "2024, 1. Quartal",
        "2023, 4. Quartal",
    ]
    assert dataset.distribution[0].title[1] == Text("2024, quarter 2", "en")
    assert dataset.temporal == (Period(start="2023-10-01", end="2024-06-30"),)
    assert (dataset.title, dataset.identifier) == (
        (Text("Verkehrszählung", "de"),),
        ("da-amt/verkehr_{year}_Q{quarter}",),
    )


def test_several_forms_of_one_time_are_told_apart() -> None:
    batch = listing("v_2024.csv", "v_2024.xlsx", "v_2023.csv", pattern="v_{year}.*")
    (dataset,) = datasets(batch).values()
    titles = [d.title[0].value for d in dataset.distribution]
    assert titles == ["2024 (v_2024.csv)", "2024 (v_2024.xlsx)", "2023"]


def test_what_the_definition_states_counts() -> None:
    (dataset,) = datasets(listing("verkehr_2024_Q1.csv", temporal=Period(start="2019"))).values()
    assert dataset.temporal == (Period(start="2019"),)


def test_a_series_without_a_title_has_the_name_of_its_files() -> None:
    (dataset,) = datasets(listing("verkehr_2024_Q1.csv", title=())).values()
    assert dataset.title == (Text("verkehr", "de"),)


def test_a_sub_folder_stays_one_dataset_and_its_files_get_their_times() -> None:
    batch = listing("verkehr_2023_Q4.csv", "verkehr_2024_Q2.csv", "a_liesmich.txt", url=f"{URL}zaehlung/")
    (dataset,) = datasets(batch).values()
    assert [d.title[0].value for d in dataset.distribution] == [
        "2024, 2. Quartal",
        "2023, 4. Quartal",
        "a_liesmich.txt",
    ]
    assert dataset.identifier == ("da-amt/zaehlung",)


def test_an_entry_that_stands_before_takes_its_files_out_of_the_series() -> None:
    plain = FileDataset(pattern="*2020*", title=(Text("Sonderzählung", "de"),))
    source = builders.source(URL, datasets=(plain, FileDataset(pattern=QUARTERS)))
    links = "".join(f'<a href="verkehr_{y}_Q1.csv">x</a>' for y in (2019, 2020, 2021))
    page = builders.page(f"<html>{links}</html>", URL, media_type="text/html")
    found = datasets(builders.read_page(FILES, page, source))
    assert {name: len(d.distribution) for name, d in found.items()} == {
        "verkehr_2020_Q1": 1,
        "verkehr_{year}_Q{quarter}": 2,
    }


def test_a_further_file_joins_the_dataset(tmp_path: Path) -> None:
    with homes.home(tmp_path / "home") as instance, source_site.running() as site:
        csv = "tag;zahl\n1;2\n"
        site.put_folder("/ablage/", {"verkehr_2024_Q1.csv": csv})
        source = homes.define_drop(instance, site, datasets=[{"pattern": QUARTERS, "title": "Verkehrszählung"}])
        homes.harvest_and_check(instance, source)
        (before,) = homes.shown_all(instance)
        site.put_folder("/ablage/", {"verkehr_2024_Q1.csv": csv, "verkehr_2024_Q2.csv": csv})
        outcome = homes.harvest_and_check(instance, source)
        assert homes.counted(outcome) == {"seen": 1, "updated": 1}
        (after,) = homes.shown_all(instance)
        assert (after.id, after.name) == (before.id, before.name)
        assert [file.distribution.title[0].value for file in after.files] == ["2024, 2. Quartal", "2024, 1. Quartal"]
        assert before.files[0].id == after.files[1].id
