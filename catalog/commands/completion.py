"""offenbar completion"""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Was die Shell braucht, um Befehle und Optionen mit der Tabulatortaste zu ergänzen.

    What the shell needs in order to complete commands and options by the Tab key. In ~/.bashrc: eval "$(offenbar completion bash)"

    Beispiel / Example: offenbar completion bash
    """
    found = get_completion_class(shell)
    assert found is not None, "the choice names shells that click knows"
    click.echo(found(ctx.find_root().command, {}, "offenbar", "_OFFENBAR_COMPLETE").source())
