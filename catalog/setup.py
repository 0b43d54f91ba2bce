"""Setting up a home: folders, a first configuration, the database."""

from catalog import config as configuration
from catalog import schema
from catalog.config import Config
from catalog.db import Database

FIRST_CONFIG = """\
# Einstellungen dieses Katalogs; was fehlt, hat einen Vorgabewert (offenbar config zeigt alle).
# Settings of this catalogue; what is missing has a default (offenbar config shows all).
site:
  title: Offene Daten
  title_en: Open Data
  url: http://127.0.0.1:5000
cities: []
#  - {slug: darmstadt, name: Darmstadt, ags: "06411000"}
sources: sources/
policies: policies/
"""


def new_home(settings: Config) -> Config:
    """Make what a home needs where it is missing, and bring its database up to date."""
    settings.home.mkdir(parents=True, exist_ok=True)
    if not settings.config_file.exists():
        settings.config_file.parent.mkdir(parents=True, exist_ok=True)
        settings.config_file.write_text(FIRST_CONFIG, encoding="utf-8")
    settings = configuration.load()
    settings.sources.mkdir(parents=True, exist_ok=True)
    settings.policies.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url)
    try:
        schema.upgrade(database)
    finally:
        database.close()
    return settings
