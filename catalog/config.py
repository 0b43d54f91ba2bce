"""All settings as one frozen Config: environment over file over default. A missing secret is made and kept in the home."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from catalog.settings import SETTINGS
from dcat import iri, naming
from dcat.errors import ConfigError
from dcat.message import Message

WEAK_SECRETS = {"secret", "changeme", "change-me", "dev", "development", "test", "password", "geheim"}
MIN_SECRET_LENGTH = 32
_FEWEST_DAYS = 30


@dataclass(frozen=True, slots=True)
class City:
    """One municipality: its short name in addresses, its name, its eight-digit key (AGS), its GovData contributor."""

    slug: str
    name: str
    ags: str
    contributor: str = ""

    @property
    def place(self) -> str:
        """The place's URI in DCAT-AP.de's political geocoding."""
        return f"http://dcat-ap.de/def/politicalGeocoding/municipalityKey/{self.ags}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The effective settings; `origins` tells for each where it came from: environment, file or default."""

    home: Path
    config_file: Path
    database_url: str
    files_url: str
    site_url: str
    secret_key: str = field(repr=False)
    title: Message
    description: Message
    publisher: str
    contact: str
    sources: Path
    policies: Path
    cities: tuple[City, ...]
    origins: Mapping[str, str]
    mail_server: str = field(default="", repr=False)
    mail_password: str = field(default="", repr=False)
    mail_from: str = ""
    mail_to: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    oidc_create: bool = False
    oidc_admin_claim: str = ""
    ckan_unowned_datasets: bool = False
    ckan_collaborators: bool = False
    ckan_admin_collaborators: bool = False
    ckan_themes_as_groups: bool = True
    webhooks: tuple[str, ...] = ()
    compare_engines: float = 0.01
    check_max_bytes: int = 20_000_000
    upload_max_bytes: int = 2_000_000_000
    audit_days: int = 1095
    synonyms: Path | None = None
    thesaurus: Path | None = None

    def city(self, slug: str) -> City:
        """Find a city by its short name; ConfigError when it is not configured."""
        if found := self.find_city(slug):
            return found
        known = ", ".join(city.slug for city in self.cities) or "-"
        raise ConfigError(
            Message(
                f"Die Kommune „{slug}“ ist nicht eingerichtet (bekannt: {known}). Nächster Schritt: "
                f"offenbar city add {slug} --name NAME --ags AGS",
                f"The city “{slug}” is not configured (known: {known}). Next step: "
                f"offenbar city add {slug} --name NAME --ags AGS",
            )
        )

    def find_city(self, slug: str) -> City | None:
        """Find a city by its short name; None when it is not configured."""
        return next((city for city in self.cities if city.slug == slug), None)

    def city_name(self, slug: str) -> str:
        """Give a city's name; its short name stands for a city that is no longer configured."""
        found = self.find_city(slug)
        return found.name if found else slug


def load(environ: Mapping[str, str] | None = None) -> Config:
    """Work out the settings; ConfigError names the setting that cannot be used and what to do."""
    environ = os.environ if environ is None else environ
    home = Path(environ.get("OFFENBAR_HOME") or "var").absolute()
    file = Path(environ.get("OFFENBAR_CONFIG") or home / "offenbar.yaml").absolute()
    if environ.get("OFFENBAR_CONFIG") and not file.is_file():
        raise ConfigError(
            Message(f"OFFENBAR_CONFIG: {file} gibt es nicht.", f"OFFENBAR_CONFIG: {file} does not exist.")
        )
    content = read_yaml(file) if file.is_file() else {}
    derived = _derived(home, file)
    values, origins = {}, {}
    for name, setting in SETTINGS.items():
        default = derived.get(name, setting.default)
        values[name], origins[name] = _given(environ.get(setting.variable, ""), _at(content, setting.path), default)
    site_url = _site_url(values["site_url"])
    if not values["secret_key"]:
        values["secret_key"], origins["secret_key"] = _kept_secret(home), "home"
    _refuse_weak(values["secret_key"])
    cities = _cities(content, file)
    return Config(
        home=home,
        config_file=file,
        database_url=values["database_url"],
        files_url=values["files_url"],
        site_url=site_url,
        secret_key=values["secret_key"],
        title=Message(values["title"], values["title_en"]),
        description=Message(values["description"], values["description_en"]),
        publisher=values["publisher"],
        contact=values["contact"],
        sources=file.parent / values["sources"],
        policies=file.parent / values["policies"],
        synonyms=file.parent / values["synonyms"],
        thesaurus=file.parent / values["thesaurus"] if values["thesaurus"] else None,
        cities=cities,
        origins=origins,
        mail_server=values["mail_server"],
        mail_password=values["mail_password"],
        mail_from=values["mail_from"] or values["contact"],
        mail_to=values["mail_to"],
        oidc_issuer=values["oidc_issuer"],
        oidc_client_id=values["oidc_client_id"],
        oidc_client_secret=values["oidc_client_secret"],
        oidc_create=_switch(values, "oidc_create"),
        oidc_admin_claim=values["oidc_admin_claim"],
        compare_engines=_share(values["compare_engines"]),
        check_max_bytes=_bytes("check_max_bytes", values, digits=10),
        upload_max_bytes=_bytes("upload_max_bytes", values, digits=13),
        audit_days=_days(values["audit_days"]),
        ckan_unowned_datasets=_switch(values, "ckan_unowned_datasets"),
        ckan_collaborators=_switch(values, "ckan_collaborators"),
        ckan_admin_collaborators=_switch(values, "ckan_admin_collaborators"),
        ckan_themes_as_groups=_switch(values, "ckan_themes_as_groups", bool(cities)),
        webhooks=tuple(values["webhooks"].replace(",", " ").split()),
    )


def _derived(home: Path, file: Path) -> Mapping[str, str]:
    """Give the defaults that depend on where the home and the file are."""
    return {
        "home": str(home),
        "config_file": str(file),
        "database_url": f"sqlite:///{home / 'offenbar.db'}",
        "files_url": str(home / "files"),
        "sources": str(file.parent / "sources"),
        "policies": str(file.parent / "policies"),
        "synonyms": str(file.parent / "synonyms.yaml"),
    }


def read_yaml(file: Path) -> dict[str, Any]:
    """Read a small YAML file that must be a mapping."""
    try:
        if file.stat().st_size > 1_000_000:
            raise ConfigError(Message(f"{file} ist größer als 1 MB.", f"{file} is larger than 1 MB."))
        content = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError, RecursionError) as error:
        where = " ".join(str(error).split())[:300]
        raise ConfigError(Message(f"{file} ist nicht lesbar: {where}", f"{file} cannot be read: {where}")) from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(
            Message(f"{file}: erwartet werden „Schlüssel: Wert“-Zeilen.", f"{file}: “key: value” lines are expected.")
        )
    return content


def _share(value: str) -> float:
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ConfigError(
            Message(
                f"validation.compare_engines / OFFENBAR_COMPARE_ENGINES: „{value}“ ist keine Zahl von 0 bis 1 wie 0.01.",
                f"validation.compare_engines / OFFENBAR_COMPARE_ENGINES: “{value}” is no number from 0 to 1 such as 0.01.",
            )
        )
    return share


def _switch(values: Mapping[str, str], name: str, default: bool = False) -> bool:
    value = values[name].lower()
    if value not in ("", "true", "false"):
        raise ConfigError(
            Message(
                f"{SETTINGS[name].path}: „{values[name]}“ ist weder true noch false.",
                f"{SETTINGS[name].path}: “{values[name]}” is neither true nor false.",
            )
        )
    return value == "true" if value else default


def _bytes(name: str, values: Mapping[str, str], *, digits: int) -> int:
    setting = SETTINGS[name]
    value = values[name]
    if not re.fullmatch(f"[0-9]{{4,{digits}}}", value):
        raise ConfigError(
            Message(
                f"{setting.path} / {setting.variable}: „{value}“ ist keine Zahl von Byte wie 20000000.",
                f"{setting.path} / {setting.variable}: “{value}” is no number of bytes such as 20000000.",
            )
        )
    return int(value)


def _days(value: str) -> int:
    # An index that lay still for less has read every entry that goes.
    if not re.fullmatch("0|[1-9][0-9]{1,4}", value) or 0 < int(value) < _FEWEST_DAYS:
        raise ConfigError(
            Message(
                f"{SETTINGS['audit_days'].path}: „{value}“ ist keine Zahl von Tagen: 0 für immer, sonst mindestens {_FEWEST_DAYS}.",
                f"{SETTINGS['audit_days'].path}: “{value}” is no number of days: 0 for ever, else at least {_FEWEST_DAYS}.",
            )
        )
    return int(value)


def written(config: Config) -> dict[str, str]:
    """Write every setting as the YAML file has it, secrets included; empty where it is not set."""
    pairs = {"title": config.title.de, "title_en": config.title.en}
    pairs |= {"description": config.description.de, "description_en": config.description.en}
    return {name: pairs[name] if name in pairs else _written(getattr(config, name)) for name in SETTINGS}


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(value)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def masked(url: str) -> str:
    """Hide the password of an address."""
    # Up to the last @: a password may hold one, and a slash too.
    return re.sub(r"(://[^/@:]*:).*@", r"\1***@", url)


def _given(from_environment: str, from_file: Any, default: str) -> tuple[str, str]:
    if from_environment:
        return from_environment, "environment"
    if from_file is not None:
        listed = from_file if isinstance(from_file, list) else [from_file]
        return " ".join(map(str, listed)), "file"
    return default, "default"


def _at(content: Mapping[str, Any], path: str) -> Any:
    value: Any = content
    for key in path.split(".") if path else ():
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if path else None


def _site_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = iri.is_web(value) and parts.port != 0 and not (parts.query or parts.fragment or parts.username)
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(
            Message(
                f"site.url / OFFENBAR_SITE_URL: „{value}“ ist keine Adresse wie https://daten.example.org.",
                f"site.url / OFFENBAR_SITE_URL: “{value}” is not an address such as https://daten.example.org.",
            )
        )
    return value.rstrip("/")


def _kept_secret(home: Path) -> str:
    file = home / "secret-key"
    if file.is_file():
        return file.read_text(encoding="utf-8", errors="replace").strip()
    secret = secrets.token_hex(32)
    if home.is_dir():
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            # Another process was a moment faster: its secret counts.
            return file.read_text(encoding="utf-8", errors="replace").strip()
        with os.fdopen(descriptor, "w") as target:
            target.write(secret)
    return secret


def _refuse_weak(secret: str) -> None:
    if len(secret) < MIN_SECRET_LENGTH or secret.lower() in WEAK_SECRETS or len(set(secret)) < 8:
        raise ConfigError(
            Message(
                f"OFFENBAR_SECRET_KEY ist zu kurz oder bekannt; nötig sind {MIN_SECRET_LENGTH} zufällige Zeichen.",
                f"OFFENBAR_SECRET_KEY is too short or well known; {MIN_SECRET_LENGTH} random characters are needed.",
            )
        )


def _cities(content: Mapping[str, Any], file: Path) -> tuple[City, ...]:
    entries = content.get("cities") or []
    cities: dict[str, City] = {}
    for entry in entries if isinstance(entries, list) else [entries]:
        found = entry if isinstance(entry, dict) else {}
        slug, name, ags = (str(found.get(key) or "") for key in ("slug", "name", "ags"))
        if not re.fullmatch("[0-9]{8}", ags) or not name or naming.slug(slug) != slug:
            raise ConfigError(
                Message(
                    f"{file}: cities: „{entry}“ braucht slug (wie bad-homburg), name und ags (acht Ziffern in Anführungszeichen).",
                    f"{file}: cities: “{entry}” needs slug (such as bad-homburg), name and ags (eight digits in quotes).",
                )
            )
        if slug in cities:
            raise ConfigError(
                Message(f"{file}: cities: {slug} steht zweimal da.", f"{file}: cities: {slug} stands there twice.")
            )
        cities[slug] = City(slug, name, ags, str(found.get("contributor") or ""))
    return tuple(cities.values())
