"""File drops: folder listings of the usual servers, lists of addresses, and pages that are neither."""

from urllib.parse import quote

import builders
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dcat.errors import UnreadableError
from dcat.model import Contact, Dataset, Period, Text
from harvesters.base import Batch
from harvesters.file_drop import MAX_ENTRIES
from harvesters.files import FILES
from harvesters.source import FileDataset

URL = "https://amt.example/ablage/"
SOURCE = builders.source(URL)
APACHE = """\
<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html><head><title>Index of /ablage</title></head><body><h1>Index of /ablage</h1>
<table><tr><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a></th></tr>
<tr><td><a href="/">Parent Directory</a></td></tr>
<tr><td><a href="baeume.csv">baeume.csv</a></td><td>2026-05-31 12:00</td></tr>
<tr><td><a href="Gr%c3%bcnanlagen%20Gr%c3%b6%c3%9fe%202025.csv">Grünanlagen Größe..&gt;</a></td></tr>
<tr><td><a href="spielplaetze/">spielplaetze/</a></td></tr>
</table><address>Apache/2.4.57 (Debian) Server at <a href="mailto:web@amt.example">amt.example</a></address></body></html>
"""
NGINX = """\
<html>\r\n<head><title>Index of /ablage/</title></head>\r\n<body>\r\n<h1>Index of /ablage/</h1><hr><pre><a href="../">../</a>\r
<a href="spielplaetze/">spielplaetze/</a>                31-May-2026 12:00       -\r
<a href="baeume.csv">baeume.csv</a>                      31-May-2026 12:00    4711\r
<a href="Gr%C3%BCnanlagen%20Gr%C3%B6%C3%9Fe%202025.csv">Grünanlagen Größe 2025.csv</a>  31-May-2026 12:00  815\r
</pre><hr></body>\r\n</html>\r\n
"""
PYTHON = """\
<!DOCTYPE html>
<html lang="de">
<head><meta charset="utf-8"><title>/ablage/</title></head>
<body>
<h1>/ablage/</h1>
<ul>
<li><a href="Gr%C3%BCnanlagen%20Gr%C3%B6%C3%9Fe%202025.csv">Grünanlagen Größe 2025.csv</a></li>
<li><a href="baeume.csv">baeume.csv</a></li>
<li><a href="spielplaetze/">spielplaetze/</a></li>
</ul>
</body>
</html>
"""
IIS = """\
<html><head><title>amt.example - /ablage/</title></head><body><pre><A HREF="/">[Übergeordnetes Verzeichnis]</A><br>
 31.05.2026 12:00 4711 <A HREF="/ablage/baeume.csv">baeume.csv</A><br>
 31.05.2026 12:00 815 <A HREF="/ablage/Grünanlagen Größe 2025.csv">Grünanlagen Größe 2025.csv</A><br>
 31.05.2026 12:00 &lt;dir&gt; <A HREF="/ablage/spielplaetze/">spielplaetze</A><br></pre></body></html>
"""


def links(*hrefs: str) -> str:
    return "<html><body>" + "".join(f'<a href="{href}">x</a>' for href in hrefs) + "</body></html>"


def read_page(body: str, url: str = URL, media_type: str = "text/html", source: object = SOURCE) -> Batch:
    return builders.read_page(FILES, builders.page(body, url, media_type=media_type), source)  # type: ignore[arg-type]


def read_list(*lines: str, url: str = "https://amt.example/ablage/dateien.txt") -> Batch:
    return read_page("\n".join(lines), url, "text/plain", builders.source(url))


def files(batch: Batch) -> dict[str, list[str]]:
    """The addresses of each dataset, by remote id."""
    found = {}
    for record in batch.records:
        assert record.reading is not None
        found[record.remote_id] = [d.download_url[0] for d in record.reading.dataset.distribution]
    return found


def only_dataset(batch: Batch) -> Dataset:
    (record,) = batch.records
    assert record.reading is not None
    return record.reading.dataset


@pytest.mark.parametrize("listing", [APACHE, NGINX, PYTHON, IIS], ids=["Apache", "nginx", "our examples", "IIS"])
def test_listings_of_the_usual_servers(listing: str) -> None:
    batch = read_page(listing)
    named = {name: [address.upper() for address in addresses] for name, addresses in files(batch).items()}
    assert named == {
        "baeume": [f"{URL}baeume.csv".upper()],
        "Grünanlagen Größe 2025": [f"{URL}{quote('Grünanlagen Größe 2025.csv')}".upper()],
    }
    assert batch.following == (f"{URL}spielplaetze/",)
    assert (batch.total, batch.problems) == (None, ())


@pytest.mark.parametrize(
    "href",
    [
        "../",
        "..",
        "/",
        "/ablage",
        "/ablage/",
        "./",
        "?C=N;O=D",
        "#oben",
        "/andere/x.csv",
        "../andere/x.csv",
        "/ablagefach/x.csv",
        "https://fremd.example/ablage/x.csv",
        "//fremd.example/ablage/x.csv",
        "https://amt.example:8443/ablage/x.csv",
        "mailto:amt@amt.example",
        "javascript:alert(1)",
        "http://[kaputt",
        "",
        ".htaccess",
        ".git/",
        ".git/config/../../.env",
    ],
)
def test_what_is_not_in_the_folder_is_ignored(href: str) -> None:
    batch = read_page(links(href, "a.csv"))
    assert (files(batch), batch.following) == ({"a": [f"{URL}a.csv"]}, ())


def test_a_link_twice_is_one_file() -> None:
    batch = read_page(links("a.csv", "./a.csv", "a.csv?download=1", "a.csv#kopf", "/ablage/a.csv"))
    assert files(batch) == {"a": [f"{URL}a.csv"]}


def test_umlauts_and_blanks_are_written_as_urls_need_them() -> None:
    batch = read_page(links("Größe 1.csv", "100%.csv"))
    assert files(batch) == {"Größe 1": [f"{URL}Gr%C3%B6%C3%9Fe%201.csv"], "100%": [f"{URL}100%25.csv"]}


def test_umlauts_of_a_mac_are_the_same_umlauts() -> None:
    mac = quote("Bäume.csv".replace("ä", "a\u0308"))
    assert mac != quote("Bäume.csv")
    assert list(files(read_page(links(mac)))) == ["Bäume"]


def test_files_of_one_stem_are_forms_of_one_dataset() -> None:
    batch = read_page(links("baeume.csv", "baeume.geojson", "baeume_2025.csv", "LIESMICH"))
    assert {name: len(addresses) for name, addresses in files(batch).items()} == {
        "baeume": 2,
        "baeume_2025": 1,
        "LIESMICH": 1,
    }


def test_the_order_of_a_listing_does_not_matter() -> None:
    names = ["b.csv", "a.geojson", "a.csv"]
    one, other = files(read_page(links(*names))), files(read_page(links(*reversed(names))))
    assert list(one.items()) == list(other.items())


def test_format_and_title_follow_from_the_name() -> None:
    dataset = only_dataset(read_page(links("baeume_und__straeucher.csv")))
    assert dataset.title == (Text("baeume und straeucher", "de"),)
    assert dataset.identifier == ("da-amt/baeume_und__straeucher",)
    (distribution,) = dataset.distribution
    assert distribution.format.endswith("/file-type/CSV") and distribution.media_type.endswith("text/csv")
    assert distribution.access_url == distribution.download_url == (f"{URL}baeume_und__straeucher.csv",)
    assert distribution.title == (Text("baeume_und__straeucher.csv", "de"),)
    assert (dataset.description, distribution.license) == ((), "")


def test_an_unknown_ending_is_no_format() -> None:
    (distribution,) = only_dataset(read_page(links("a.seltsam"))).distribution
    assert (distribution.format, distribution.media_type) == ("", "")


def test_a_sub_folder_is_one_dataset() -> None:
    batch = read_page(links("a.csv", "b.csv", "tief/"), f"{URL}spielplätze/")
    assert list(files(batch)) == ["spielplätze"]
    assert batch.following == (f"{URL}spielpl%C3%A4tze/tief/",)
    deeper = read_page(links("c.csv"), f"{URL}spielpl%C3%A4tze/tief/")
    assert list(files(deeper)) == ["spielplätze/tief"]


def test_folders_are_followed_four_deep() -> None:
    assert read_page(links("x/"), f"{URL}1/2/3/").following == (f"{URL}1/2/3/x/",)
    deep = read_page(links("x/", "a.csv"), f"{URL}1/2/3/4/")
    assert (deep.following, list(files(deep))) == ((), ["1/2/3/4"])


def test_depth_counts_from_the_folder_of_the_source() -> None:
    root = "https://amt.example/a/b/c/d/e/f/"
    assert read_page(links("x/"), root, source=builders.source(root)).following == (f"{root}x/",)


@pytest.mark.parametrize(
    "url",
    ["https://amt.example/ablage", "http://amt.example/ablage/", "https://amt.example/%61blage/"],
)
def test_the_folder_is_known_after_a_redirect(url: str) -> None:
    source = builders.source(url)
    assert list(files(read_page(links("a.csv", "b.csv"), URL, source=source))) == ["a", "b"]
    assert list(files(read_page(links("a.csv", "b.csv"), f"{URL}tief/", source=source))) == ["tief"]


def test_a_data_package_speaks_for_its_folder() -> None:
    batch = read_page(links("a.csv", "datapackage.json", "tief/"), f"{URL}baeume/")
    assert (files(batch), batch.following) == ({}, (f"{URL}baeume/datapackage.json",))


def test_an_empty_folder_is_an_empty_listing() -> None:
    batch = read_page("<html><head><title>Index of /</title></head><body><a href='../'>..</a></body></html>")
    assert (files(batch), batch.following) == ({}, ())
    assert files(read_page("<!doctype html><html></html>")) == {}


def test_more_entries_than_we_read_are_reported() -> None:
    batch = read_page(links(*(f"{number}.csv" for number in range(MAX_ENTRIES + 1))))
    assert len(files(batch)) == MAX_ENTRIES
    (problem,) = batch.problems
    assert (problem.code, problem.value) == ("too-many", str(MAX_ENTRIES + 1))
    assert not batch.whole, "what was cut off is not gone"
    assert read_page(links("1.csv")).whole
    assert "nennt 10001 Einträge; gelesen werden 10000" in problem.message.de


@pytest.mark.parametrize("media_type", ["text/html", "", "text/plain"])
def test_a_login_page_is_no_empty_folder(media_type: str) -> None:
    body = '<!doctype html><html><form><input name="p" type="password"></form><a href="impressum.html">x</a></html>'
    with pytest.raises(UnreadableError) as error:
        read_page(body, media_type=media_type)
    assert error.value.message.de == (
        f"{URL} antwortet mit einer Anmeldeseite. Nächster Schritt: Adresse und Anmeldung prüfen."
    )


@pytest.mark.parametrize("body", ["<error>kein Zugriff</error>", "<p>Wartung</p>", "<![foo[bar", "<"])
def test_markup_that_is_no_listing_is_refused(body: str) -> None:
    with pytest.raises(UnreadableError) as error:
        read_page(body)
    assert error.value.message.de == f"{URL} ist weder Ordnerliste noch Adressliste."


def test_a_listing_without_media_type_is_known_by_its_content() -> None:
    assert list(files(read_page("\n " + links("a.csv"), media_type=""))) == ["a"]


def test_a_list_of_addresses() -> None:
    batch = read_list(
        "# Dateien des Umweltamts / files of the office",
        "",
        "pegel.csv",
        "  messstellen.csv  ",
        "unter/messstellen.geojson",
        "/woanders/brunnen.csv",
        "https://fremd.example/daten/Orte im Grünen.csv?stand=1",
        "   # auch eine Bemerkung",
    )
    folder = "https://amt.example/ablage"
    assert files(batch) == {
        "pegel": [f"{folder}/pegel.csv"],
        "messstellen": [f"{folder}/messstellen.csv", f"{folder}/unter/messstellen.geojson"],
        "brunnen": ["https://amt.example/woanders/brunnen.csv"],
        "Orte im Grünen": ["https://fremd.example/daten/Orte%20im%20Gr%C3%BCnen.csv?stand=1"],
    }
    assert (batch.following, batch.problems) == ((), ())


def test_a_list_may_come_from_windows() -> None:
    url = "https://amt.example/d.txt"
    page = builders.page("Größe.csv\r\nb.csv\r\n".encode("cp1252"), url, media_type="text/plain")
    assert files(builders.read_page(FILES, page, builders.source(url))) == {
        "Größe": ["https://amt.example/Gr%C3%B6%C3%9Fe.csv"],
        "b": ["https://amt.example/b.csv"],
    }


def test_lines_that_name_no_file_are_reported() -> None:
    lines = [
        "ordner/",
        "ftp://amt.example/b.csv",
        "http://[kaputt",
        "C:\\daten\\c.csv",
        "https://amt.example",
        ".htaccess",
    ]
    batch = read_list("a.csv", *lines)
    assert list(files(batch)) == ["a"]
    (problem,) = batch.problems
    assert problem.code == "no-address"
    assert "6 Zeilen nennen keine Datei, die erste: „ordner/“" in problem.message.de
    assert problem.value == "; ".join(lines)


def test_a_list_without_a_single_file_is_refused() -> None:
    with pytest.raises(UnreadableError):
        read_list("ordner/", "ftp://amt.example/b.csv")


def test_a_list_of_remarks_only_is_empty() -> None:
    assert files(read_list("# noch nichts", "")) == {}


def test_a_list_may_name_data_packages() -> None:
    batch = read_list("a.csv", "https://amt.example/b/datapackage.json")
    assert (list(files(batch)), batch.following) == (["a"], ("https://amt.example/b/datapackage.json",))


def test_the_source_describes_its_files() -> None:
    contact = Contact(name="Grünflächenamt", email="gruen@amt.example")
    about = FileDataset(
        pattern="Grün*",
        title=(Text("Grünanlagen", "de"), Text("Green spaces", "en")),
        description=(Text("Alle Anlagen.", "de"),),
        keywords=(Text("Park", "de"),),
        theme=("ENVI", "unbekannt"),
        frequency="ANNUAL",
        license="dl-by-de/2.0",
        hvd_category=("c_ac64a52d",),
        temporal=Period(start="2025"),
        contact=contact,
    )
    source = builders.source(URL, datasets=(FileDataset(pattern="andere*"), about, FileDataset(pattern="*")))
    dataset = only_dataset(read_page(links("Gr%C3%BCnanlagen.csv"), source=source))
    assert dataset.title == about.title
    assert (dataset.description, dataset.keyword) == (about.description, about.keywords)
    assert dataset.theme == (f"{builders.AUTHORITY}/data-theme/ENVI",)
    assert dataset.frequency == f"{builders.AUTHORITY}/frequency/ANNUAL"
    assert dataset.hvd_category == ("http://data.europa.eu/bna/c_ac64a52d",)
    assert (dataset.temporal, dataset.contact_point) == ((Period(start="2025"),), (contact,))
    assert dataset.distribution[0].license == "http://dcat-ap.de/def/licenses/dl-by-de/2.0"


@pytest.mark.parametrize("pattern, fits", [("baeume", True), ("*.csv", True), ("Baeume*", False), ("b", False)])
def test_patterns_fit_the_dataset_or_one_of_its_files(pattern: str, fits: bool) -> None:
    about = FileDataset(pattern=pattern, description=(Text("Alle Bäume.", "de"),))
    dataset = only_dataset(read_page(links("baeume.csv"), source=builders.source(URL, datasets=(about,))))
    assert bool(dataset.description) == fits
    # A description without a title leaves the name as title.
    assert dataset.title == (Text("baeume", "de"),)


def test_a_pattern_describes_a_sub_folder() -> None:
    about = FileDataset(pattern="baumkontrolle*", title=(Text("Kontrollen", "de"),))
    source = builders.source(URL, datasets=(about,))
    assert only_dataset(read_page(links("x.csv"), f"{URL}baumkontrolle/", source=source)).title == about.title


def test_file_drops_are_published_by_us() -> None:
    assert (FILES.type, FILES.publishes_files) == ("files", True)


@given(
    st.binary(max_size=300)
    | st.text(max_size=200).map(str.encode)
    | st.lists(st.sampled_from(("<a href=", "'", '"', ">", "<![", "[", "]]>", "<!--", "//", "http://[", "&#0;", "a.csv", "\n", "%", "../")))
    .map("".join)
    .map(str.encode),
    st.sampled_from(("text/html", "text/plain", "")),
    st.sampled_from((URL, f"{URL}datapackage.json", "https://amt.example/d.txt?x=1#y")),
)  # fmt: skip
@example(b"<a href='http://[x'>", "text/html", URL)
@example(b"<![foo[bar", "text/html", URL)
@example(b"http://[x", "text/plain", URL)
@example(b"//$", "text/plain", URL)
@example(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png", URL)
@settings(max_examples=500, deadline=None)
def test_arbitrary_bytes_are_read_or_refused(body: bytes, media_type: str, url: str) -> None:
    try:
        batch = builders.read_page(FILES, builders.page(body, url, media_type=media_type), SOURCE)
        assert all(record.remote_id and (record.reading or record.failure) for record in batch.records)
    except UnreadableError as error:
        assert error.message.de and error.message.en
