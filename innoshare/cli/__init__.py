"""The command line. Each module holds the commands of one kind of user; here they are put together.

    asking          search, match, evaluate          serving      build, serve
    contributing    check                            keeping      stale, stats
    reviewing       review, comment, waiting         founding     init
    drafting        new, schema                      exporting    export
    common          what they share

Exit status: 0 fine, 1 problems found (or nothing found that was asked for by name), 2 wrong use. What a command was
asked for goes to standard output; progress and remarks go to standard error, so that `--json` can be piped.

Decision: commands import the rooms they need when they run, not at the top. `--help` and `check` then answer at once,
without loading a web server or a database library first.
"""

from difflib import get_close_matches
from typing import Any

import click
from pydantic import ValidationError
from rich.markup import escape

from innoshare import __version__
from innoshare.cli import asking, contributing, drafting, exporting, founding, keeping, reviewing, serving
from innoshare.cli.common import err, speak_every_script
from innoshare.config import ENVIRONMENT_PREFIX, SETTINGS_FILE, Settings
from innoshare.errors import BadInput, InnoshareError

COMMANDS = {
    "Share what your city did, or ask for an answer": (drafting.new, contributing.check),
    "Ask the library": (asking.match, asking.search, exporting.export),
    "Run a library": (founding.init, serving.serve, serving.build),
    "Answer contributions": (reviewing.review, reviewing.comment, reviewing.waiting),
    "Keep it good": (keeping.stale, keeping.stats, asking.evaluate, drafting.schema)}


class Command(click.Group):
    """A group whose commands tell what went wrong in a sentence instead of a traceback, and are listed by who needs
    them, each with its whole first sentence."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except BadInput as error:
            for name, text in error.mistakes:
                err.print(f"[red]{escape(name)}[/]: {escape(text)}")
            context.exit(2)
        except InnoshareError as error:
            err.print(f"[red]{escape(error.title)}.[/] {escape(str(error))}")
            context.exit(1)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(str(command.name), (command.help or "").partition("\n\n")[0].replace("\n", " "))
                                    for command in commands])


@click.group(cls=Command)
@click.version_option(__version__)
@click.pass_context
def main(context: click.Context) -> None:
    """A library of proven city innovations: add to it, ask it, serve it.

    Work in the folder of the library, in which `content` lies; `innoshare init` begins one. Settings come from a file
    innoshare.toml there and from variables INNOSHARE_…; the README of innoshare lists them.
    """
    speak_every_script()
    try:
        context.obj = Settings()
    except ValidationError as error:
        raise BadInput([_setting(str(mistake["loc"][0]), mistake["type"], mistake["msg"])
                        for mistake in error.errors()]) from None


def _setting(name: str, kind: str, message: str) -> tuple[str, str]:
    """What is wrong with a setting, under the name that the environment knows it by."""
    if kind == "extra_forbidden":
        close = get_close_matches(name, Settings.model_fields, 1)
        return f"{SETTINGS_FILE}: {name}", "There is no such setting. " + (
            f"Did you mean {close[0]}?" if close else f"Known are: {', '.join(Settings.model_fields)}.")
    return f"{ENVIRONMENT_PREFIX}{name}".upper(), message


for _commands in COMMANDS.values():
    for _command in _commands:
        main.add_command(_command)
