"""One running catalogue: its settings, its database, its files. Everything that works on it gets this value."""

import gc
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from catalog import config as configuration
from catalog import definitions, policy, schema_version
from catalog.config import Config
from catalog.db import Database
from catalog.files import Files
from catalog.host_budget import DatabaseBudget
from catalog.policy import Policies
from catalog.table_orders import Check
from dcat.errors import NotFoundError, OffenbarError
from dcat.message import Message
from harvesters import secrets, source
from harvesters.budget import Budget, LocalBudget
from harvesters.drop_doors import door_of
from harvesters.fetch import Fetcher
from harvesters.network import Credentials
from harvesters.robots import LISTINGS
from harvesters.source import Source


@dataclass(frozen=True, slots=True)
class Instance:
    """Settings, database and file store of one catalogue.

    `look` checks what programs write before they are answered; without it that waits for the job process.
    """

    config: Config
    database: Database
    files: Files
    budget: Budget = field(default_factory=LocalBudget)
    look: Check | None = None

    def sources(self, wanted: tuple[str, ...] = ()) -> tuple[Source, ...]:
        """Read the source definitions, all or those asked for; NotFoundError names what there is."""
        folder = self.config.sources
        found = source.load_folder(folder) if folder.is_dir() else ()
        for each in found:
            definitions.require(each, self.config)
        known = {each.id: each for each in found}
        for name in wanted:
            if name not in known:
                there = ", ".join(known) or "-"
                raise NotFoundError(
                    Message(
                        f"Die Quelle „{name}“ gibt es nicht (vorhanden: {there}; Ordner {folder}).",
                        f"There is no source “{name}” (present: {there}; folder {folder}).",
                    )
                )
        return tuple(known[name] for name in wanted) if wanted else found

    def policies(self) -> Policies:
        """Read the cities' policies."""
        return policy.load(self.config.policies)

    def fetcher(self, of: Source) -> Fetcher:
        """Make the fetcher of one source: its hosts, its limits, its login; ConfigError when a secret or certificate is missing.

        File names in the definition count from the folder of definitions.
        """
        folder, network, login = self.config.sources, of.network, of.login
        ca, certificate = (str(folder / name) if name else "" for name in (network.ca, network.certificate))
        return Fetcher(
            replace(network, ca=ca, certificate=certificate),
            of.limits,
            agent=f"offenbar/{program_version()} (+{self.config.site_url})",
            contact=self.config.contact,
            credentials=Credentials(
                user=login.user and secrets.read(login.user),
                password=login.password and secrets.read(login.password),
                token=login.token and secrets.read(login.token),
            ),
            polite=network.robots and of.type in LISTINGS,
            budget=self.budget,
            door=door_of(of),
        )


def open_instance(environ: Mapping[str, str] | None = None, *, check: bool = True) -> Instance:
    """Open the catalogue the environment names; refuses a database of another version unless told not to check."""
    config = configuration.load(environ)
    database = Database(config.database_url)
    try:
        if check:
            schema_version.require(database)
        # What is loaded by now stays to the end; the garbage collector need not walk through it again and again.
        gc.freeze()
        return Instance(config, database, Files(config.files_url), DatabaseBudget(database))
    except OffenbarError:
        database.close()
        raise


@cache
def program_version() -> str:
    """Name the version of this program."""
    try:
        return version("offenbar")
    except PackageNotFoundError:
        return "0"
