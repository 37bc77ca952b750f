"""Commands for those who begin something: new, schema."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markup import escape

from innoshare.cli.common import as_typed, err, folder_with_content, out, pairs_of, print_json
from innoshare.config import Settings
from innoshare.errors import BadInput

if TYPE_CHECKING:
    from innoshare.content import World

NAMES = click.Choice(["case", "challenge", "city"])

# What is asked for in a terminal; the rest is easier written where the help stands beside it. A question is the help of
# its field, unless it has other words here.
_ASKED = {"case": ("title", "city", "language"), "challenge": ("title", "city", "language"),
          "city": ("name", "country")}
_QUESTIONS = {"city": "Name of the city", "name": "Name of the city in English", "country": "Its country, as SE"}


@click.command()
@click.argument("kind", type=NAMES)
@click.option("--title", "--name", "title", help="What was done, or is wanted, in one line; of a city, its name.")
@click.option("--city", metavar="SLUG", help="The city, as its file is named.")
@click.option("--language", metavar="CODE", help="Language of the text, as en.")
@click.option("--summary", help="What was done and what came of it.")
@click.option("--challenge", help="The problem in 1 to 3 sentences.")
@click.option("--set", "assignments", multiple=True, metavar="FIELD=VALUE",
              help="Any other field, as stage=pilot or cost.currency=EUR; may be given several times.")
@click.option("--slug", help="Name of the file, without .md; otherwise made of city and title.")
@click.option("--stdout", "to_stdout", is_flag=True, help="Print the file instead of writing it.")
@click.pass_obj
def new(settings: Settings, kind: str, title: str | None, city: str | None, language: str | None, summary: str | None,
        challenge: str | None, assignments: Sequence[str], slug: str | None, to_stdout: bool) -> None:
    """Begin a case, a challenge or a city: a file to fill in, with an explanation of every field.

    Writes it into the content folder in use and prints where; a file that is there is never changed. In a terminal it
    asks for the first facts; whatever is left empty can be written into the file later.

    \b
    innoshare new case
    innoshare new case --title "Night buses on request" --city vigo
    innoshare new city --name Vigo --set country=ES
    """
    from innoshare import drafting

    if slug and (why := drafting.unfit(settings.content, kind, slug)):
        raise BadInput([("--slug", why)])
    world = _world(settings)
    values = _given(kind, assignments, {drafting.NAMED_BY[kind]: title, "city": city, "language": language,
                                        "summary": summary, "challenge": challenge})
    _looked_over(kind, values, world)
    asking, called = sys.stdin.isatty(), ""
    if asking:
        values, called = _asked(kind, values, world, settings)
    text, told = _looked_over(kind, values, world)
    if to_stdout:
        sys.stdout.write(text)
        return
    written = [drafting.create(settings.content, kind, slug or _named(kind, values, settings, asking), text)]
    out.print(escape(str(written[0])))
    home = values.get("city")
    homeless = bool(home) and home not in world.files["cities"]
    for place, words in told:
        if not (asking and homeless and place == "city"):  # That is asked next.
            err.print(f"[yellow]{escape(words)}[/]")
    if homeless and asking and click.confirm(f"There is no file for the city {home} yet. Begin one too?", True,
                                             err=True):
        begun, _ = _asked("city", {}, world, settings, name=called or str(home).replace("-", " ").title())
        written.append(drafting.create(settings.content, "city", str(home), _looked_over("city", begun, world)[0]))
        out.print(escape(str(written[1])))
    elif homeless:
        err.print(f"If {home} is the right name, begin its file with: innoshare new city --slug {home}")
    err.print(f"Next: open {'both files and fill them' if written[1:] else 'the file and fill it'} in. To see what is "
              f"still missing: innoshare check {escape(' '.join(map(as_typed, written)))}")


def _given(kind: str, assignments: Sequence[str], options: Mapping[str, str | None]) -> dict[str, Any]:
    """The values that the options give, by field. Raises BadInput for what can be no value of the kind."""
    from innoshare import drafting

    values: dict[str, Any] = {}
    for place, words in (*options.items(), *pairs_of("--set", assignments, "stage=pilot")):
        if words is not None and words.strip():
            values = drafting.assign(kind, values, place, words)
    return values


def _named(kind: str, values: Mapping[str, Any], settings: Settings, asking: bool) -> str:
    """The name of the file: one that was made of the values, and confirmed by who can be asked."""
    from innoshare import drafting

    suggested = drafting.suggested(kind, values)
    if not asking and not suggested:
        raise BadInput([("--name" if kind == "city" else "--title", "Give it, so that the file can be named after it; "
                         "or give the name of the file with --slug, as stockholm-night-buses.")])
    while asking:
        slug = click.prompt("Name of the file, without .md", suggested or None, err=True).strip()
        if not (why := drafting.unfit(settings.content, kind, slug)):
            return str(slug)
        err.print(f"[red]{escape(why)}[/]")
    return suggested


def _world(settings: Settings) -> "World":
    from innoshare import content

    return content.world(folder_with_content(settings))


def _looked_over(kind: str, values: Mapping[str, Any], world: "World") -> tuple[str, list[tuple[str, str]]]:
    """The file made of the values, and what is to be told of them. Raises BadInput with every mistake in them."""
    from innoshare import drafting

    text = drafting.annotated(kind, drafting.filled(kind, values, world.today), world.vocabulary)
    wrong, told = drafting.mistakes(kind, "new", values, text, world)
    if wrong:
        raise BadInput(wrong)
    return text, told


def _asked(kind: str, values: dict[str, Any], world: "World", settings: Settings, name: str = ""
           ) -> tuple[dict[str, Any], str]:
    """The values with what a person answers, and what she called a city that is not here, where that was no file name.

    What she leaves empty she may write later. `name` is what a city is perhaps called.
    """
    from innoshare import drafting
    from innoshare.content.forms import similar
    from innoshare.schema import KINDS

    likely, called = {"language": settings.languages[0], "name": name}, ""
    for field in _ASKED[kind]:
        question = _QUESTIONS.get(field) or str(KINDS[kind].model.model_fields[field].description)
        default = likely.get(field, "")
        while field not in values:
            answer = click.prompt(question, default, show_default=bool(default), err=True).strip()
            if not answer:
                break
            if field == "city":
                typed, answer = answer, drafting.city_named(answer, world.cities) or answer
                called = typed if answer not in (typed, *world.cities) else ""
                like = similar(answer, world.cities) if answer not in world.cities else []
                if like and click.confirm(f"There is no city {answer} here. Did you mean {like[0]}?", True, err=True):
                    answer = like[0]
            try:
                more = drafting.assign(kind, values, field, answer)
                _looked_over(kind, more, world)
            except BadInput as error:
                for _, words in error.mistakes:
                    err.print(f"[red]{escape(words)}[/]")
                continue
            values = more
    return values, called


@click.command()
@click.argument("kind", type=NAMES, default="case")
@click.option("--table", is_flag=True, help="Print the fields as a table in Markdown instead.")
@click.option("--into", type=click.Path(exists=True, dir_okay=False, writable=True, path_type=Path), metavar="FILE",
              help="Put that table into FILE, between the lines <!-- fields --> and <!-- /fields -->.")
@click.pass_obj
def schema(settings: Settings, kind: str, table: bool, into: Path | None) -> None:
    """Print the JSON Schema (2020-12) of the header of a file, for editors and other programs.

    Fields with a vocabulary may hold what the content in use lists.
    """
    from innoshare import drafting
    from innoshare.schema import schema as made

    if into:
        try:
            text = into.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise BadInput([("--into", f"{into} is no text in UTF-8. Name a Markdown file.")]) from None
        into.write_text(drafting.with_table(text, kind), encoding="utf-8")
    elif table:
        sys.stdout.write(drafting.field_table(kind))
    else:
        print_json(made(kind, _world(settings).vocabulary))
