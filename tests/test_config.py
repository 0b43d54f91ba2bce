"""Settings: environment over file over default, each with its origin; what cannot be used is refused with its name."""

import stat
from pathlib import Path

import pytest

from catalog.config import City, Config, load, masked, read_yaml
from catalog.settings import SETTINGS
from dcat.errors import ConfigError

SECRET = "0123456789abcdef0123456789abcdef"
FILE = """\
site:
  title: Offene Daten Testheim
  title_en: Open Data Testheim
  description: Alles.
  description_en: Everything.
  publisher: Stadt Testheim
  contact: offen@testheim.example
  url: https://daten.testheim.example/katalog/
database: {url: "postgresql+psycopg://u:p@db/offenbar"}
files: {url: "s3://eimer/offenbar"}
sources: quellen
search: {synonyms: woerter.yaml, thesaurus: /etc/offenbar/openthesaurus.txt}
policies: /etc/offenbar/regeln
mail: {server: "smtps://post@mail.testheim.example", password: "env:POST", from: katalog@testheim.example, to: edv@testheim.example}
validation: {compare_engines: 0.25}
check: {max_bytes: 5000000}
upload: {max_bytes: 7000000000}
audit: {days: 0}
ckan: {unowned_datasets: true, collaborators: true, admin_collaborators: true, themes_as_groups: false}
oidc: {issuer: "https://anmeldung.testheim.example", client_id: katalog, client_secret: "env:OIDC", create: true, admin_claim: "groups=edv"}
webhooks: {allow: ["127.0.0.1:9000", chat.testheim.example]}
cities:
  - {slug: testheim, name: Testheim, ags: "06411000", contributor: hessen}
"""


def home(folder: Path, text: str = "") -> dict[str, str]:
    """An environment with a home, and the home with this configuration."""
    folder.mkdir(exist_ok=True)
    if text:
        (folder / "offenbar.yaml").write_text(text, encoding="utf-8")
    return {"OFFENBAR_HOME": str(folder), "OFFENBAR_SECRET_KEY": SECRET}


def refusal(environ: dict[str, str]) -> str:
    with pytest.raises(ConfigError) as error:
        load(environ)
    assert error.value.message.en
    return error.value.message.de


def test_defaults(tmp_path: Path) -> None:
    config = load(home(tmp_path))
    assert config.home == tmp_path and config.config_file == tmp_path / "offenbar.yaml"
    assert config.database_url == f"sqlite:///{tmp_path}/offenbar.db"
    assert config.files_url == str(tmp_path / "files")
    assert config.site_url == "http://127.0.0.1:5000"
    assert (config.sources, config.policies) == (tmp_path / "sources", tmp_path / "policies")
    assert (config.synonyms, config.thesaurus) == (tmp_path / "synonyms.yaml", None)
    assert (config.cities, config.contact, config.audit_days) == ((), "", 1095)
    assert config.title.de and config.title.en and config.description.de and config.publisher
    unset = {name for name, origin in config.origins.items() if origin == "default"}
    assert unset == set(SETTINGS) - {"home", "secret_key"}


def test_the_default_home_is_var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load({}).home == tmp_path / "var"


def test_the_file_wins_over_defaults(tmp_path: Path) -> None:
    config = load(home(tmp_path, FILE))
    assert (config.title.de, config.title.en) == ("Offene Daten Testheim", "Open Data Testheim")
    assert (config.description.de, config.description.en) == ("Alles.", "Everything.")
    assert (config.publisher, config.contact) == ("Stadt Testheim", "offen@testheim.example")
    assert config.site_url == "https://daten.testheim.example/katalog"
    assert config.database_url == "postgresql+psycopg://u:p@db/offenbar"
    assert config.files_url == "s3://eimer/offenbar"
    assert (config.sources, config.policies) == (tmp_path / "quellen", Path("/etc/offenbar/regeln"))
    assert (config.mail_server, config.mail_password) == ("smtps://post@mail.testheim.example", "env:POST")
    assert (config.mail_from, config.mail_to) == ("katalog@testheim.example", "edv@testheim.example")
    assert config.webhooks == ("127.0.0.1:9000", "chat.testheim.example")
    assert (config.oidc_issuer, config.oidc_client_id) == ("https://anmeldung.testheim.example", "katalog")
    assert (config.oidc_client_secret, config.oidc_admin_claim) == ("env:OIDC", "groups=edv")
    assert config.oidc_create and "env:OIDC" not in repr(config)
    assert config.compare_engines == 0.25
    assert (config.check_max_bytes, config.upload_max_bytes, config.audit_days) == (5_000_000, 7_000_000_000, 0)
    assert (config.synonyms, config.thesaurus) == (tmp_path / "woerter.yaml", Path("/etc/offenbar/openthesaurus.txt"))
    assert (config.ckan_unowned_datasets, config.ckan_collaborators, config.ckan_admin_collaborators) == (True,) * 3
    assert not config.ckan_themes_as_groups
    assert config.cities == (City("testheim", "Testheim", "06411000", "hessen"),)
    from_file = {name for name, origin in config.origins.items() if origin == "file"}
    assert from_file == {name for name, setting in SETTINGS.items() if setting.path}


@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if setting.variable])
def test_the_environment_wins_over_the_file(tmp_path: Path, name: str) -> None:
    variable = SETTINGS[name].variable
    other = tmp_path / "anders"
    other.mkdir()
    (other / "offenbar.yaml").write_text(FILE, encoding="utf-8")
    value = {
        "home": str(other),
        "config_file": str(other / "offenbar.yaml"),
        "database_url": "sqlite:////tmp/x.db",
        "files_url": "memory://x",
        "site_url": "https://offen.example",
        "secret_key": SECRET[::-1],
        "mail_server": "smtp://mail.example:2525",
        "oidc_issuer": "https://anmeldung.example",
        "compare_engines": "0.5",
        "check_max_bytes": "123456",
        "upload_max_bytes": "654321",
    }[name]
    config = load(home(tmp_path, FILE) | {variable: value})
    assert str(getattr(config, name)) == value
    assert config.origins[name] == "environment"


@pytest.mark.parametrize("days", ["-1", "7", "29", "030", "1.5", "drei Jahre", "100000"])
def test_days_of_the_log_that_cannot_be_are_refused(tmp_path: Path, days: str) -> None:
    assert load(home(tmp_path, "audit: {days: 30}\n")).audit_days == 30
    assert "audit.days" in refusal(home(tmp_path, f'audit: {{days: "{days}"}}\n'))


def test_an_empty_variable_is_none(tmp_path: Path) -> None:
    assert load(home(tmp_path, FILE) | {"OFFENBAR_SITE_URL": ""}).origins["site_url"] == "file"


def test_folders_are_relative_to_the_file(tmp_path: Path) -> None:
    elsewhere = tmp_path / "etc"
    elsewhere.mkdir()
    (elsewhere / "a.yaml").write_text("sources: quellen\n", encoding="utf-8")
    config = load(home(tmp_path / "home") | {"OFFENBAR_CONFIG": str(elsewhere / "a.yaml")})
    assert (config.sources, config.policies) == (elsewhere / "quellen", elsewhere / "policies")


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    missing = tmp_path / "fehlt.yaml"
    assert refusal(home(tmp_path) | {"OFFENBAR_CONFIG": str(missing)}) == f"OFFENBAR_CONFIG: {missing} gibt es nicht."


def test_a_secret_is_made_once_and_kept_for_the_owner_alone(tmp_path: Path) -> None:
    environ = {"OFFENBAR_HOME": str(tmp_path)}
    first, second = load(environ), load(environ)
    kept = tmp_path / "secret-key"
    assert first.secret_key == second.secret_key == kept.read_text()
    assert len(first.secret_key) == 64 and first.origins["secret_key"] == "home"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert load({"OFFENBAR_HOME": str(tmp_path / "anders")}).secret_key != first.secret_key


def test_nothing_is_made_where_there_is_no_home(tmp_path: Path) -> None:
    load({"OFFENBAR_HOME": str(tmp_path / "fehlt")})
    assert not (tmp_path / "fehlt").exists()


def test_a_secret_from_outside_is_not_written_down(tmp_path: Path) -> None:
    load(home(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("secret", ["x", "changeme", SECRET[:31], "a" * 64, "abcabc" * 10, "1234567" * 5])
def test_weak_secrets_are_refused(tmp_path: Path, secret: str) -> None:
    expected = "OFFENBAR_SECRET_KEY ist zu kurz oder bekannt; nötig sind 32 zufällige Zeichen."
    assert refusal(home(tmp_path) | {"OFFENBAR_SECRET_KEY": secret}) == expected
    (tmp_path / "secret-key").write_text(secret)
    assert refusal({"OFFENBAR_HOME": str(tmp_path)}) == expected


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"\xc3\xa4"])
def test_a_damaged_secret_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret-key").write_bytes(content)
    assert refusal({"OFFENBAR_HOME": str(tmp_path)}).startswith("OFFENBAR_SECRET_KEY ist zu kurz")


def test_the_secret_shows_nowhere(tmp_path: Path) -> None:
    assert SECRET not in repr(load(home(tmp_path)))


@pytest.mark.parametrize(
    "url",
    [
        "daten.example.org",
        "ftp://daten.example.org",
        "https://",
        "https:///katalog",
        "https://daten.example.org/?a=b",
        "https://daten.example.org/#oben",
        "https://nutzer:geheim@daten.example.org",
        "https://daten.example.org/a b",
        "https://daten.example.org:99999",
        "https://daten.example.org:port",
        "http://[",
        "javascript:alert(1)",
    ],
)
def test_addresses_that_cannot_be_ours_are_refused(tmp_path: Path, url: str) -> None:
    sentence = refusal(home(tmp_path) | {"OFFENBAR_SITE_URL": url})
    assert sentence == f"site.url / OFFENBAR_SITE_URL: „{url}“ ist keine Adresse wie https://daten.example.org."
    assert refusal(home(tmp_path, f'site: {{url: "{url}"}}')) == sentence


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:5000", "https://a.example/b", "https://a.example/b//", "http://[::1]:80"]
)
def test_addresses_stand_without_their_last_slash(tmp_path: Path, url: str) -> None:
    assert load(home(tmp_path) | {"OFFENBAR_SITE_URL": url}).site_url == url.rstrip("/")


@pytest.mark.parametrize(
    "text", ["site: [", "a: b: c", "\tx: 1", "a: !!python/object:os.system x", "a: &x [*x", "a: 1\na: 2"]
)
def test_bad_yaml_is_refused_with_the_file(tmp_path: Path, text: str) -> None:
    assert refusal(home(tmp_path, text)).startswith(f"{tmp_path / 'offenbar.yaml'} ist nicht lesbar: ")


def test_a_file_in_another_charset_is_refused(tmp_path: Path) -> None:
    (tmp_path / "offenbar.yaml").write_bytes("site: {title: Größe}".encode("cp1252"))
    assert "ist nicht lesbar" in refusal(home(tmp_path))


@pytest.mark.parametrize("text", ["- site", "site", "7"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    assert refusal(home(tmp_path, text)).endswith("erwartet werden „Schlüssel: Wert“-Zeilen.")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    assert refusal(home(tmp_path, "# " + "x" * 1_000_000)).endswith("ist größer als 1 MB.")


@pytest.mark.parametrize("text", ["", "# nichts", "site:", "site: ja", "cities:", "site: {title: }"])
def test_an_empty_file_or_section_leaves_the_defaults(tmp_path: Path, text: str) -> None:
    config = load(home(tmp_path, text))
    assert set(config.origins.values()) == {"default", "environment"} and config.cities == ()


@pytest.mark.parametrize(
    "cities",
    [
        "[darmstadt]",
        "darmstadt",
        "7",
        "{slug: darmstadt, name: Darmstadt}",
        '[{slug: darmstadt, name: Darmstadt, ags: "0641100"}]',
        "[{slug: darmstadt, name: Darmstadt, ags: 06411000}]",
        '[{slug: darmstadt, name: Darmstadt, ags: "²6411000"}]',
        '[{slug: darmstadt, ags: "06411000"}]',
        '[{name: Darmstadt, ags: "06411000"}]',
        '[{slug: "", name: Darmstadt, ags: "06411000"}]',
        '[{slug: "Bad Homburg", name: Bad Homburg, ags: "06434001"}]',
        '[{slug: "../admin", name: X, ags: "06434001"}]',
        "[null]",
    ],
)
def test_bad_cities_are_refused(tmp_path: Path, cities: str) -> None:
    sentence = refusal(home(tmp_path, f"cities: {cities}"))
    assert sentence.startswith(f"{tmp_path / 'offenbar.yaml'}: cities: „")
    assert sentence.endswith("braucht slug (wie bad-homburg), name und ags (acht Ziffern in Anführungszeichen).")


def test_a_city_stands_once(tmp_path: Path) -> None:
    entry = '{slug: bad-homburg, name: Bad Homburg, ags: "06434001"}'
    assert load(home(tmp_path, f"cities: [{entry}]")).cities[0].place.endswith("/municipalityKey/06434001")
    assert refusal(home(tmp_path, f"cities: [{entry}, {entry}]")).endswith("cities: bad-homburg steht zweimal da.")


def test_cities_are_found_by_their_short_name(tmp_path: Path) -> None:
    config: Config = load(home(tmp_path, FILE))
    assert config.city("testheim").name == "Testheim"
    with pytest.raises(ConfigError) as error:
        config.city("wiesbaden")
    assert error.value.message.de.startswith("Die Kommune „wiesbaden“ ist nicht eingerichtet (bekannt: testheim).")


@pytest.mark.parametrize(
    "url, shown",
    [
        ("postgresql://u:geheim@db/offenbar", "postgresql://u:***@db/offenbar"),
        ("postgresql://u:ge@heim@db/offenbar", "postgresql://u:***@db/offenbar"),
        ("postgresql://u:db@db/db", "postgresql://u:***@db/db"),
        ("s3://schluessel:ge/heim@eimer", "s3://schluessel:***@eimer"),
        ("redis://:geheim@db", "redis://:***@db"),
        ("http://[::1]:5000/", "http://[::1]:5000/"),
        ("postgresql://u@db/offenbar", "postgresql://u@db/offenbar"),
        ("sqlite:////var/offenbar.db", "sqlite:////var/offenbar.db"),
        ("/var/files", "/var/files"),
        ("", ""),
    ],
)
def test_passwords_are_masked(url: str, shown: str) -> None:
    assert masked(url) == shown


def test_yaml_that_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        read_yaml(tmp_path)
    with pytest.raises(ConfigError):
        read_yaml(tmp_path / "fehlt.yaml")


@pytest.mark.parametrize("value", ["viel", "-0.1", "1.1", "nan"])
def test_a_share_that_is_none_is_refused(tmp_path: Path, value: str) -> None:
    assert "OFFENBAR_COMPARE_ENGINES" in refusal(home(tmp_path) | {"OFFENBAR_COMPARE_ENGINES": value})


@pytest.mark.parametrize(
    ("variable", "beyond"),
    [("OFFENBAR_CHECK_MAX_BYTES", "99999999999"), ("OFFENBAR_UPLOAD_MAX_BYTES", "99999999999999")],
)
def test_a_limit_of_bytes_that_is_none_is_refused(tmp_path: Path, variable: str, beyond: str) -> None:
    for value in ("viel", "-5000", "20 MB", "999", "1e9", beyond):
        assert f"{variable}: „{value}“" in refusal(home(tmp_path) | {variable: value})


@pytest.mark.parametrize("name", [name for name, setting in SETTINGS.items() if setting.path.startswith("ckan.")])
def test_a_switch_is_true_or_false(tmp_path: Path, name: str) -> None:
    path = SETTINGS[name].path
    section, _, key = path.partition(".")
    for value in (True, False):
        assert getattr(load(home(tmp_path, f"{section}: {{{key}: {str(value).lower()}}}")), name) is value
    for value in ("vielleicht", "1", "yes"):
        assert refusal(home(tmp_path, f"{section}: {{{key}: {value}}}")).startswith(f"{path}: „")


def test_themes_are_groups_where_there_are_cities(tmp_path: Path) -> None:
    assert not load(home(tmp_path)).ckan_themes_as_groups
    assert load(home(tmp_path, FILE.replace(", themes_as_groups: false", ""))).ckan_themes_as_groups
