"""Source definitions: everything good is read, everything bad is named with its line."""

import contextlib
import json
from pathlib import Path

import builders
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dcat.errors import ConfigError
from dcat.marked_yaml import LARGEST
from dcat.model import Agent, Contact, Period, Text
from harvesters import source_lint
from harvesters.registry import require_options
from harvesters.source import TYPES, Guard, Schedule, lint, load_folder, read

FULL = """\
id: da-statistik
city: darmstadt
department: Amt für Wirtschaft und Stadtentwicklung
type: data-json
url: https://opendata.darmstadt.de/data.json
authority: 90
schedule: {every: 6h, window: "20:00-06:00", full: 7d}
identity: {distribution: "strip-suffix:_[0-9]+"}
limits: {rate: 1/s, connections: 1, max_bytes: 50MB}
network: {allow: [opendata.darmstadt.de], from: de}
guard: {removals: 10%, misses: 2, min_days: 7}
defaults: {license: dl-zero-de/2.0, contributor: darmstadt}
notify: [{mail: opendata@example.org, on: [held, failing, recovered]}]
"""
SHORT = """\
id: fr-baum
city: frankfurt
department: Grünflächenamt
type: files
url: https://daten.example.org/ablage/
"""


def errors(text):
    data = text if isinstance(text, bytes) else text.encode()
    return [finding for finding in lint(data, "q.yaml") if finding.level == "error"]


def hints(text):
    return [finding.message.en for finding in lint(text.encode(), "q.yaml") if finding.level == "hint"]


def test_full_definition():
    source = read(FULL.encode(), "da.yaml")
    assert (source.id, source.city, source.type, source.authority) == ("da-statistik", "darmstadt", "data-json", 90)
    assert source.schedule == Schedule(every=6 * 3600, full=7 * 86400, window="20:00-06:00")
    assert source.identity.distribution == "strip-suffix:_[0-9]+"
    assert (source.limits.rate, source.limits.connections, source.limits.max_bytes) == (1.0, 1, 50_000_000)
    assert (source.network.allow, source.network.home) == (("opendata.darmstadt.de",), "opendata.darmstadt.de")
    assert source.guard == Guard()
    assert source.defaults.license == "dl-zero-de/2.0"
    assert source.notify[0].on == ("held", "failing", "recovered")
    assert len(source.revision) == 64


def test_full_definition_lints_but_for_its_type():
    found = errors(FULL.replace("data-json", "urbanpulse"))
    assert [finding.line for finding in found] == [4]
    assert "this type is not built in yet" in found[0].message.en
    assert not errors(FULL)
    texts = " ".join(hints(FULL))
    assert texts.count("has no effect yet") == texts.count('"network.from" is read but') == 1


def test_defaults_of_a_short_definition():
    source = read(SHORT.encode(), "fr.yaml")
    assert source.authority == 50
    assert source.guard == Guard(
        removals=0.1, removals_min=5, updates=0.3, rekeyed=0.2, quarantined=0.1, misses=2, min_days=7
    )
    assert (source.network.allow, source.network.home) == ((), "daten.example.org")
    assert source.release == ""
    assert source.limits.max_file_bytes == 200_000_000
    assert read(b"\xef\xbb\xbf" + SHORT.encode(), "fr.yaml").id == "fr-baum"


def test_texts_and_nested_values():
    source = read(
        (
            SHORT
            + """\
release: at_once
schemas: {"*baum*": baumkataster, "*.csv": andere}
limits: {read: 2m, max_file_bytes: 1GB, rate: 30/m}
guard: {removals: 2.5%, removals_min: 0}
defaults:
  publisher: {name: Stadt Frankfurt, uri: "https://frankfurt.de/#amt", email: amt@example.org}
  contact: {name: Amt, email: amt@example.org, url: "https://frankfurt.de", telephone: "+49 69 1"}
  description: {de: Bäume, en: Trees}
  theme: ENVI
  language: [de]
  keywords: [Baum, {de: Stadt, en: city}]
datasets:
  - pattern: "baum-*.csv"
    title: Baumkataster
    temporal: {start: "2019", end: 2026-07-31}
    license: dl-by-de/2.0
    contact: {name: Amt}
"""
        ).encode(),
        "fr.yaml",
    )
    assert source.schemas == (("*baum*", "baumkataster"), ("*.csv", "andere"))
    assert (source.limits.read, source.limits.max_file_bytes, source.limits.rate) == (120.0, 10**9, 0.5)
    assert (source.guard.removals, source.guard.removals_min) == (0.025, 0)
    assert source.defaults.publisher == Agent(
        name=(Text("Stadt Frankfurt", "de"),), uri="https://frankfurt.de/#amt", email="amt@example.org"
    )
    assert source.defaults.contact is not None
    assert source.defaults.description == (Text("Bäume", "de"), Text("Trees", "en"))
    assert source.defaults.theme == ("ENVI",)
    assert source.defaults.keywords == (Text("Baum", "de"), Text("Stadt", "de"), Text("city", "en"))
    (files,) = source.datasets
    assert (files.pattern, files.title) == ("baum-*.csv", (Text("Baumkataster", "de"),))
    assert files.temporal == Period(start="2019", end="2026-07-31")
    assert files.contact == Contact(name="Amt")
    assert source.release == "at_once"


def test_revision_follows_the_bytes():
    assert read(SHORT.encode(), "a").revision != read((SHORT + "\n").encode(), "a").revision


@pytest.mark.parametrize(
    ("added", "line", "words"),
    [
        ("autority: 3", 6, 'probably "authority" is meant'),
        ("zzz: 3", 6, "known are: id, city"),
        ("defaults: {licence: cc-by/4.0}", 6, 'in "defaults": the key "licence" is unknown, probably "license"'),
        ("defaults:\n  publisher:\n    nam: x", 8, 'in "defaults.publisher": the key "nam"'),
        ("defaults: {license: CC BY 4.0}", 6, "such as dl-zero-de/2.0"),
        ("defaults: {description: {fr: x}}", 6, "a German text"),
        ("defaults: {contributor: 12}", 6, "in quotes"),
        ("defaults: {publisher: Stadt}", 6, "keys and values"),
        ("authority: 101", 6, "from 0 to 100"),
        ("authority: hoch", 6, "from 0 to 100"),
        ("authority: true", 6, "from 0 to 100"),
        ("schedule: {every: 6 Stunden}", 6, "6h or 7d"),
        ("schedule: {every: 0h}", 6, "6h or 7d"),
        ("schedule: {window: 20:00-25:00}", 6, "20:00-06:00"),
        ("limits: {max_bytes: 50}", 6, "50MB"),
        ("limits: {rate: fast}", 6, "1/s"),
        ("limits:\n  connections: 0", 7, "from 1 to 16"),
        ("guard: {removals: 0.1}", 6, "10%"),
        ("guard: {removals: 101%}", 6, "10%"),
        ("identity: {distribution: lower}", 6, "strip-suffix"),
        ('identity: {distribution: "strip-suffix:("}', 6, "regular expression"),
        ("network:\n  allow:\n    - daten.example.org\n    - '*.de'", 9, "no host"),
        ("network: {allow: daten.example.org}", 6, "a list of hosts"),
        ("network: {allow: ['http://a.de']}", 6, "no host"),
        ("network: [a.de]", 6, "keys and values"),
        ("release: later", 6, "at_once"),
        ("schemas: {'*': Baum Kataster}", 6, "id of a schema"),
        ("datasets: [{title: x}]", 6, 'in "datasets[1]": the key "pattern" is missing'),
        ("datasets: [{pattern: x, temporal: {start: gestern}}]", 6, "a date"),
        ("notify: [{mail: x, on: [held]}]", 6, "a mail address"),
        ("id: other", 6, '"id" appears twice'),
        ("a: &x [1]", 6, "anchors"),
        ("authority: *x", 6, "anchors"),
        ("<<: {a: b}", 6, '"<<" is unknown'),
        ("authority: !!python/object:os.system x", 6, "types with !"),
        ("? [a]\n: b", 6, "a key must be a word"),
        ("a: " + "[" * 50, 6, "nested too deeply"),
        ("a: [1", 7, "not valid YAML"),
        ("\ta: 1", 6, "not valid YAML"),
        ("---\nid: x", 6, "one document per file"),
        ('a: "\\UFFFFFFFF"', 1, "not valid YAML"),
    ],
)
def test_errors(added, line, words):
    found = errors(SHORT + added + "\n")
    assert found, added
    assert words in " ".join(finding.message.en for finding in found)
    assert found[0].line == line
    with pytest.raises(ConfigError) as caught:
        read((SHORT + added + "\n").encode(), "fr.yaml")
    assert str(caught.value).startswith(f"fr.yaml, line {line}: ")
    assert caught.value.message.de.startswith(f"fr.yaml, Zeile {line}: ")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("type: files", "type: urbanpulse", "not built in yet"),
        ("type: files", "type: excel", "one of the types arcgis"),
        ("type: files\n", "", 'the key "type" is missing'),
        ("id: fr-baum", "id: Fr_Baum", "lower-case"),
        ("id: fr-baum", "id: ../x", "lower-case"),
        ("city: frankfurt", "city:", "not null"),
        ("https://daten", "ftp://daten", "http:// or https://"),
        ("https://daten", "https://user:geheim@daten", "do not belong in the address"),
        ("https://daten.example.org", "https://a..b", "cannot be used"),
    ],
)
def test_errors_in_required_keys(old, new, words):
    found = errors(SHORT.replace(old, new))
    assert words in found[0].message.en
    assert "geheim" not in repr(found)


@pytest.mark.parametrize(
    "data", [b"", b"# nothing", b"- a", b"text", b"\xff\xfe", b"\x00", b"a: b\n" * 60_000, b"%YAML 9"]
)
def test_no_definition(data):
    with pytest.raises(ConfigError):
        read(data, "x.yaml")


def test_all_errors_at_once():
    text = SHORT + "autority: 3\nlimits: {rate: fast, max_byte: 3}\n"
    assert [finding.line for finding in errors(text)] == [6, 7, 7]
    with pytest.raises(ConfigError, match="2 more errors"):
        read(text.encode(), "x.yaml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SHORT, "defaults: {license"),
        (SHORT, "datasets: [{pattern"),
        (SHORT + "network: {allow: [other.example.org]}", "the source will not be fetched"),
        (SHORT + "network: {allow: ['daten.example.org:8080']}", "the source will not be fetched"),
        (SHORT + "network: {allow: [daten.example.org, '127.0.0.1:8000']}", '"127.0.0.1:8000" opens'),
        (SHORT + "network: {allow: [daten.example.org, '[::1]']}", '"[::1]" opens'),
        (SHORT + "network: {allow: [daten.example.org, localhost]}", '"localhost" opens'),
        (SHORT.replace("https://daten.example.org", "http://127.0.0.1:8000"), 'network: {allow: ["127.0.0.1:8000"]}'),
    ],
)
def test_hints(text, words):
    assert any(words in hint for hint in hints(text))
    assert read(text.encode(), "x.yaml")


def test_clean_definition_has_no_remarks():
    text = (
        SHORT.replace("files", "dcat")
        + "defaults: {license: cc-by/4.0, description: Daten}\nnetwork: {allow: [daten.example.org]}\n"
    )
    assert lint(text.encode(), "x.yaml") == ()


def test_types_and_schema_agree():
    schema = json.loads(Path(source_lint.__file__).with_name("source.schema.json").read_bytes())
    assert tuple(schema["properties"]["type"]["enum"]) == TYPES
    assert schema["properties"]["type"]["x-en"].endswith(", ".join(TYPES))
    assert schema["properties"]["type"]["x-de"].endswith(", ".join(TYPES))
    assert not set(TYPES) & set(source_lint.LATER)


def test_whole_numbers_written_with_a_point():
    source = read((SHORT + "authority: 7.0\nlimits: {connections: 2.0}\nguard: {misses: 3.0}\n").encode(), "x")
    assert repr((source.authority, source.limits.connections, source.guard.misses)) == "(7, 2, 3)"


def test_folder(tmp_path):
    (tmp_path / "b.yml").write_text(SHORT)
    (tmp_path / "z.yaml").write_text(SHORT.replace("fr-baum", "aa"))
    (tmp_path / ".hidden.yaml").write_text("broken: [")
    (tmp_path / "readme.txt").write_text("broken: [")
    assert [source.id for source in load_folder(tmp_path)] == ["aa", "fr-baum"]
    (tmp_path / "c.yaml").write_text(SHORT)
    with pytest.raises(ConfigError, match=r"b\.yml and c\.yaml both"):
        load_folder(tmp_path)
    (tmp_path / "a.yaml").write_text("broken: [")
    with pytest.raises(ConfigError, match=r"a\.yaml, line"):
        load_folder(tmp_path)


def test_folder_that_is_missing(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load_folder(tmp_path / "none")


def test_size_limit():
    assert "larger than 256 KB" in errors(b"#" * (LARGEST + 1))[0].message.en


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
@example(b"%YAML 9.9\n---\n")
@example(b"%TAG ! a\n---\n!a b")
@example(b"\xc2\x85")
@example(b'"\\UFFFFFFFF"')
@example(b"!<%ff> a")
@example(b"? ? ? ? a")
@example(b"a: |99\n x")
@example(b"\x85: \xe2\x80\xa8")
def test_only_config_errors_on_any_bytes(data):
    with pytest.raises(ConfigError):
        read(data, "x.yaml")


WORDS = st.sampled_from(
    [
        "id",
        "url",
        "network",
        "allow",
        ":",
        " ",
        "\n",
        "  ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "'",
        '"',
        "|",
        ">",
        "%",
        "&a ",
        "*a",
        "!",
        "?",
        "#",
        "@",
        "`",
        "\t",
        "defaults",
        "limits",
        "1",
        "6h",
        "null",
        "---\n",
        "...",
        "<<",
        "é",
        "\\",
        "~",
        "0x",
        "1e5",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=30).map("".join))
def test_only_config_errors_on_broken_yaml(text):
    for data in (text, SHORT + text):
        lint(data.encode(), "x.yaml")
        try:
            read(data.encode(), "x.yaml")
        except ConfigError as error:
            assert error.message.de and error.message.en


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["6h", "10%", "*"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["id", "type", "url", "network", "limits", "guard", "identity", "defaults", "schemas", "datasets", "notify"]
)


@settings(deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_any_value_under_any_key(values):
    text = SHORT + "".join(f"{json.dumps(key)}: {json.dumps(value)}\n" for key, value in values.items())
    lint(text.encode("utf-8", "replace"), "x.yaml")
    with contextlib.suppress(ConfigError):
        read(text.encode("utf-8", "replace"), "x.yaml")


def test_a_rule_for_a_field_that_does_not_exist_is_an_error() -> None:
    text = SHORT + "fields: {keywords: union, distribution.license: prefer-local}\n"
    (finding,) = [f for f in lint(text.encode(), "q.yaml") if f.level == "error"]
    assert "»keyword«" in finding.message.de


def test_an_option_that_the_protocol_does_not_know_is_refused() -> None:
    with pytest.raises(ConfigError, match="knows no option"):
        require_options(builders.source(type="ckan", url="https://x.example/", options=(("filtr", "a"),)))
    require_options(builders.source(type="ckan", url="https://x.example/", options=(("filter", "a"),)))
