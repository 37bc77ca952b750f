"""The command line. Each module holds the commands of one kind of user; here they are put together.

    asking          search, match, evaluate          serving      build, serve
    contributing    check                            keeping      stale, stats
    reviewing       review, comment                  founding     init
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


class Command(click.Group):
    """A group whose commands tell what went wrong in a sentence instead of a traceback."""

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


@click.group(cls=Command)
@click.version_option(__version__)
@click.pass_context
def main(context: click.Context) -> None:
    """A library of proven city innovations: build it, check it, ask it, serve it.

    Settings come from INNOSHARE_* variables; the README lists them.
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


for _command in (serving.serve, serving.build, contributing.check, asking.search, asking.match, asking.evaluate,
                 keeping.stale, keeping.stats, reviewing.review, reviewing.comment, founding.init,
                 drafting.new, drafting.schema, exporting.export):
    main.add_command(_command)
