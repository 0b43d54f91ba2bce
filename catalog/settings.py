"""The settings there are: where each is given, its default, its meaning. `config` reads them, the settings page and `offenbar config` list them."""

from collections.abc import Mapping
from dataclasses import dataclass

from dcat.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting: its place in the YAML file, its environment variable, and its default unless that depends on the home."""

    meaning: Message
    path: str = ""
    variable: str = ""
    default: str = ""


SETTINGS: Mapping[str, Setting] = {
    "home": Setting(variable="OFFENBAR_HOME", meaning=Message("Datenordner", "data folder")),
    "config_file": Setting(variable="OFFENBAR_CONFIG", meaning=Message("Konfigurationsdatei", "configuration file")),
    "database_url": Setting(
        variable="OFFENBAR_DATABASE_URL", path="database.url", meaning=Message("Datenbank", "database")
    ),
    "files_url": Setting(
        variable="OFFENBAR_FILES_URL",
        path="files.url",
        meaning=Message("Ablage der Dateien (fsspec)", "file storage (fsspec)"),
    ),
    "site_url": Setting(
        variable="OFFENBAR_SITE_URL",
        path="site.url",
        default="http://127.0.0.1:5000",
        meaning=Message("öffentliche Adresse", "public address"),
    ),
    "secret_key": Setting(variable="OFFENBAR_SECRET_KEY", meaning=Message("geheimer Schlüssel", "secret key")),
    "title": Setting(
        path="site.title",
        default="Offene Daten Rhein-Main",
        meaning=Message("Name des Katalogs", "name of the catalogue"),
    ),
    "title_en": Setting(
        path="site.title_en", default="Open Data Rhein-Main", meaning=Message("englischer Name", "English name")
    ),
    "description": Setting(
        path="site.description",
        default="Die offenen Daten der Städte in Rhein-Main, aus den Ämtern, geprüft und frei zu nutzen.",
        meaning=Message("Beschreibung", "description"),
    ),
    "description_en": Setting(
        path="site.description_en",
        default="The open data of the cities in Rhein-Main, from their departments, checked and free to use.",
        meaning=Message("englische Beschreibung", "English description"),
    ),
    "publisher": Setting(
        path="site.publisher",
        default="Städte Darmstadt, Frankfurt am Main und Wiesbaden",
        meaning=Message("Herausgeber des Katalogs", "publisher of the catalogue"),
    ),
    "contact": Setting(
        path="site.contact", meaning=Message("E-Mail für Fragen zu den Daten", "e-mail for questions about the data")
    ),
    "sources": Setting(path="sources", meaning=Message("Ordner der Quelldefinitionen", "folder of source definitions")),
    "policies": Setting(
        path="policies", meaning=Message("Ordner der Veröffentlichungsregeln", "folder of publication policies")
    ),
    "synonyms": Setting(
        path="search.synonyms",
        meaning=Message("eigene Synonyme für die Suche (YAML)", "synonyms of your own for the search (YAML)"),
    ),
    "thesaurus": Setting(
        path="search.thesaurus",
        meaning=Message("OpenThesaurus als Textdatei, wenn gewünscht", "OpenThesaurus as a text file, if wanted"),
    ),
    "mail_server": Setting(
        variable="OFFENBAR_SMTP_URL",
        path="mail.server",
        meaning=Message(
            "Mailserver: smtp://NUTZER@RECHNER:587, smtps://…", "mail server: smtp://USER@HOST:587, smtps://…"
        ),
    ),
    "mail_password": Setting(
        path="mail.password",
        meaning=Message("Kennwort dafür: env:NAME oder file:/pfad", "its password: env:NAME or file:/path"),
    ),
    "mail_from": Setting(path="mail.from", meaning=Message("Absender der Nachrichten", "sender of notices")),
    "mail_to": Setting(path="mail.to", meaning=Message("wer jede Nachricht bekommt", "who is sent every notice")),
    "compare_engines": Setting(
        variable="OFFENBAR_COMPARE_ENGINES",
        path="validation.compare_engines",
        default="0.01",
        meaning=Message(
            "Anteil der kleinen Dateien, die beide Prüfwege prüfen und vergleichen (0 bis 1)",
            "share of the small files that both engines check and compare (0 to 1)",
        ),
    ),
    "check_max_bytes": Setting(
        variable="OFFENBAR_CHECK_MAX_BYTES",
        path="check.max_bytes",
        default="20000000",
        meaning=Message(
            "größte Datei, die auf der Seite /check geprüft wird, in Byte",
            "largest file that is checked on the page /check, in bytes",
        ),
    ),
    "oidc_issuer": Setting(
        variable="OFFENBAR_OIDC_ISSUER",
        path="oidc.issuer",
        meaning=Message("Anbieter für OpenID Connect: https://anmeldung.example.org", "provider of OpenID Connect"),
    ),
    "oidc_client_id": Setting(
        path="oidc.client_id", meaning=Message("Name dieser Website beim Anbieter", "this site's name there")
    ),
    "oidc_client_secret": Setting(
        path="oidc.client_secret",
        meaning=Message("Geheimnis dafür: env:NAME oder file:/pfad", "its secret: env:NAME or file:/path"),
    ),
    "oidc_create": Setting(
        path="oidc.create",
        default="false",
        meaning=Message(
            "unbekannte Personen des Anbieters bekommen ein Konto", "unknown persons of the provider get an account"
        ),
    ),
    "oidc_admin_claim": Setting(
        path="oidc.admin_claim",
        meaning=Message(
            "Angabe des Anbieters, mit der jemand verwaltet: groups=offenbar-admin",
            "what the provider says of an administrator: groups=offenbar-admin",
        ),
    ),
    "ckan_unowned_datasets": Setting(
        path="ckan.unowned_datasets",
        default="false",
        meaning=Message("Datensätze brauchen keine Organisation", "datasets need no organisation"),
    ),
    "ckan_collaborators": Setting(
        path="ckan.collaborators",
        default="false",
        meaning=Message(
            "einzelne Datensätze lassen sich mit Konten teilen", "single datasets can be shared with accounts"
        ),
    ),
    "ckan_admin_collaborators": Setting(
        path="ckan.admin_collaborators",
        default="false",
        meaning=Message(
            "wer mitarbeitet, darf einen Datensatz auch weiter teilen", "collaborators may be allowed to share it on"
        ),
    ),
    "ckan_themes_as_groups": Setting(
        path="ckan.themes_as_groups",
        meaning=Message(
            "die 13 EU-Themen stehen als Gruppen da (Vorgabe: ja, außer ohne Kommunen)",
            "the 13 EU data themes stand as groups (default: yes, but not without cities)",
        ),
    ),
    "upload_max_bytes": Setting(
        variable="OFFENBAR_UPLOAD_MAX_BYTES",
        path="upload.max_bytes",
        default="2000000000",
        meaning=Message(
            "größte Datei, die hochgeladen werden kann, in Byte", "largest file that can be uploaded, in bytes"
        ),
    ),
    "audit_days": Setting(
        path="audit.days",
        default="1095",
        meaning=Message(
            "wie viele Tage das Protokoll aufbewahrt wird: 0 für immer, sonst mindestens 30",
            "for how many days the log of who did what is kept: 0 for ever, else at least 30",
        ),
    ),
    "webhooks": Setting(
        path="webhooks.allow",
        meaning=Message(
            "interne Rechner, an die Nachrichten gehen dürfen", "private hosts that notices may be posted to"
        ),
    ),
}
