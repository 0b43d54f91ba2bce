"""The options by which a command works on another site than this installation."""

import functools
from collections.abc import Callable
from typing import Any

import click

from catalog import saved_sites
from catalog.commands.catalogue import opened
from catalog.remote import RemoteSite
from catalog.sites import LocalSite, Site


def on_site(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `site`: this installation, or the one that --site names."""

    @click.option(
        "--site",
        "site_name",
        default="",
        metavar="ADRESSE|NAME",
        help="Auf dieser Website arbeiten: Adresse oder gespeicherter Name. / Work on this site: address or saved name.",
    )
    @click.option(
        "--token",
        default="",
        envvar="OFFENBAR_TOKEN",
        show_envvar=True,
        help="Token eines Kontos dort; nur mit --site. / Token of an account there; only with --site.",
    )
    @functools.wraps(command)
    def with_site(*args: Any, site_name: str, token: str, **kwargs: Any) -> Any:
        return command(*args, site=chosen(site_name, token), **kwargs)

    return with_site


def chosen(site_name: str, token: str = "") -> Site:
    """Open the site that the options name; this installation where they name none."""
    if not site_name:
        return LocalSite(opened())
    if "://" in site_name:
        return RemoteSite(site_name, token.strip())
    saved = saved_sites.find(site_name)
    return RemoteSite(saved.url, token.strip() or saved.token)
