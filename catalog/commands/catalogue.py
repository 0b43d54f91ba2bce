"""Opening the catalogue for one command; it is closed when the command ends."""

import click

from catalog.instance import Instance, open_instance


def opened(*, check: bool = True) -> Instance:
    """Open the catalogue the environment names, until the end of the present command."""
    instance = open_instance(check=check)
    click.get_current_context().call_on_close(instance.database.close)
    return instance
