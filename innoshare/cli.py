"""The command line: build, check, serve, search, match, evaluate.

Exit status: 0 fine, 1 problems found (or nothing found that was asked for by name), 2 wrong use. What a command was
asked for goes to standard output; progress and remarks go to standard error, so that `--json` can be piped.

Decision: commands import the rooms they need when they run, not at the top. `--help` and `check` then answer at once,
without loading a web server or a database library first.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from innoshare import __version__
from innoshare.config import ENVIRONMENT_PREFIX, Settings
from innoshare.errors import BadInput, EditionError, InnoshareError

if TYPE_CHECKING:
    from innoshare import edition
    from innoshare.case import Concept
    from innoshare.edition import Built
    from innoshare.library import Library
    from innoshare.matching import Match

out, err = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)

CONNECTIONS = 1_000  # Open at once; most are idle browsers, each costs a few KB.
IDLE_SECONDS = 30  # After which a connection that says nothing makes room.
SERVER_THREADS = 8  # The worst legal question takes half a second at 10,000 cases; eight leave room for everybody else.


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
    try:
        context.obj = Settings()
    except ValidationError as error:
        raise BadInput([(f"{ENVIRONMENT_PREFIX}{mistake['loc'][0]}".upper(), mistake["msg"])
                        for mistake in error.errors()]) from None


@main.command()
@click.option("--strict", is_flag=True, help="Publish nothing if any file has a mistake.")
@click.option("--force", is_flag=True, help="Build again even if nothing has changed.")
@click.pass_obj
def build(settings: Settings, strict: bool, force: bool) -> None:
    """Make the library out of the Markdown files."""
    built = _build(settings, strict=strict, force=force)
    if not built.fingerprint or (strict and any(problem.level == "error" for problem in built.problems)):
        sys.exit(1)


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--format", "style", type=click.Choice(["text", "github", "json", "sarif"]), default="text",
              show_default=True, help="How to print the problems.")
@click.pass_obj
def check(settings: Settings, paths: Sequence[Path], style: str) -> None:
    """Look for mistakes in a content folder, or in single files of one.

    Prints every mistake with its place and what to write instead. Exit status 1 if there is any (advice aside).
    """
    from innoshare import report

    problems = report.check(paths or [settings.content])
    report.PRINTERS[style](problems, sys.stdout)
    if any(problem.level == "error" for problem in problems):
        sys.exit(1)


@main.command()
@click.argument("query")
@click.option("--filter", "filters", multiple=True, metavar="FIELD=VALUE",
              help="Narrow the search, as theme=mobility; may be given several times.")
@click.option("--json", "as_json", is_flag=True, help="Print what /api/v1/search answers.")
@click.pass_obj
def search(settings: Settings, query: str, filters: Sequence[str], as_json: bool) -> None:
    """Find cases by words: QUERY takes words, "a phrase", -without and prefix*."""
    from innoshare.web import parameters, shapes

    pairs = [("q", query)]
    for item in filters:
        name, equals, value = item.partition("=")
        if not equals:
            raise BadInput([("--filter", f"write FIELD=VALUE, as theme=mobility; {item!r} has no =")])
        pairs.append((name, value))
    library = _library(settings)
    found = library.search(parameters.query(pairs, library))
    if as_json:
        _print_json(shapes.search_body(found, library, settings.base_url).model_dump(mode="json"))
        return
    for hit in found.results.hits:
        card = found.cards[hit.slug]
        out.print(f"[bold]{escape(card.title)}[/]\n  {escape(card.city_name)}, {escape(card.country_name)} · "
                  f"{card.outcome.label} · {escape(card.slug)}\n  {escape(card.summary)}\n")
    total, shown = found.results.total, len(found.results.hits)
    out.print(f"{total} case{'' if total == 1 else 's'} found{f', {shown} shown' if shown < total else ''}.")
    if found.results.did_you_mean:
        out.print(f"Did you mean: {escape(found.results.did_you_mean)}?")


@main.command()
@click.argument("text", default="-")
@click.option("--city", metavar="SLUG", help="Your city, as its file is named; cities like it come first.")
@click.option("--language", metavar="CODE", help="Language of TEXT, as fi, where it is not told by itself.")
@click.option("--json", "as_json", is_flag=True, help="Print what /api/v1/match answers.")
@click.pass_obj
def match(settings: Settings, text: str, city: str | None, language: str | None, as_json: bool) -> None:
    """Has anyone solved this? TEXT is the challenge in your own words; - reads it from standard input."""
    from innoshare.case import LANGUAGES
    from innoshare.matching import Challenge
    from innoshare.web import shapes, wording

    if language and language not in LANGUAGES:
        raise BadInput([("--language", f"choose from {', '.join(LANGUAGES)}; or leave it out")])
    library = _library(settings)
    if city and city not in library.cities:
        raise BadInput([("--city", f"there is no city {city!r} in the library; choose one like yours: "
                                   f"{', '.join(library.cities)}")])
    if text == "-":
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    challenge = Challenge.of(text, library.cities[city] if city else None, language or "")
    answer = library.match(challenge)
    body = shapes.match_body(answer, library, settings.base_url)
    if as_json:
        _print_json(body.model_dump(mode="json"))
        return
    heading, sentence = wording.verdict_words(body, challenge, library.languages)
    out.print(f"[bold]{escape(heading)}[/]\n{escape(sentence)}\n")
    for item in answer.matches:
        _print_match(item)
    if answer.cautions:
        out.print(f"[bold]{escape(wording.caution_words(body))}:[/]\n")
        for item in answer.cautions:
            _print_match(item)
    if body.nearest:
        out.print("Nearest in the library, but no answer:")
        for card in body.nearest:
            out.print(f"- {escape(card.title)} ({escape(card.city)}): {escape(card.slug)}")
    for step in body.next_steps:
        out.print(f"- {escape(step.text)}")


@main.command()
@click.argument("collection", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--run", "run_file", type=click.Path(dir_okay=False, writable=True, path_type=Path),
              help="Also write the rankings as a TREC run file.")
@click.option("--without", "without", multiple=True, type=click.Choice(["words", "concepts", "meaning"]),
              help="Leave out one side from which questions are looked at; may be given several times.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.pass_obj
def evaluate(settings: Settings, collection: Path, run_file: Path | None, without: Sequence[str],
             as_json: bool) -> None:
    """Measure search and match on a judged COLLECTION (a folder in BEIR layout).

    Uses the concepts of the content in use and the embeddings of INNOSHARE_EMBEDDINGS.
    """
    from innoshare import content, edition, quality
    from innoshare.library import Library
    from innoshare.search import SIDES

    judged = quality.read(collection)
    own: Library | None = None
    concepts: Mapping[str, Concept] = {}
    sides = SIDES - set(without)
    if not sides:
        raise BadInput([("--without", "leave at least one side: words, concepts or meaning")])
    if judged.documents is None:
        _library(settings).close()
        own = Library(edition.open_published(settings.data, settings.embeddings, sides))
    else:
        concepts = content.read(settings.content).concepts
        if not concepts:
            err.print(f"[yellow]There are no concepts in {escape(str(settings.content))}; words and meaning only.[/]")
    with ExitStack() as stack:
        # Opened first: nobody wants to learn after the computation that there is no such folder.
        lines = stack.enter_context(run_file.open("w", encoding="utf-8")) if run_file else None
        result = quality.evaluate(judged, own, concepts, settings.embeddings, sides, stack.enter_context(_progress()))
        if lines:
            lines.writelines(f"{line}\n" for line in quality.trec(result.run))
    if as_json:
        _print_json({"collection": result.collection, "documents": result.documents,
                     **{name: {kind: asdict(measures) for kind, measures in getattr(result, name).items()}
                        for name in ("library", "baseline")},
                     "honesty": asdict(result.honesty) if result.honesty else None})
        return
    table = Table(title=f"{result.collection}: {len(judged.questions)} questions, {result.documents} documents")
    for column in ("questions", "n", "nDCG@10", "MRR@10", "recall@20", "nDCG@10 judged only", "stock Whoosh nDCG@10"):
        table.add_column(column, justify="left" if column == "questions" else "right")
    for kind, measures in result.library.items():
        figures = (measures.ndcg, measures.mrr, measures.recall, measures.judged_ndcg, result.baseline[kind].ndcg)
        table.add_row(kind, str(measures.questions), *(f"{figure:.3f}" for figure in figures))
    out.print(table)
    if honesty := result.honesty:
        out.print(f"A strong answer is given to {honesty.solved:.0%} of {honesty.answered} challenges that have one, "
                  f"and to {honesty.wrongly:.0%} of {honesty.without} whose answers are taken away or that have none "
                  f"(area under the curve {honesty.curve:.3f}).")


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="Port to listen on.")
@click.pass_obj
def serve(settings: Settings, host: str, port: int) -> None:
    """Serve the library as a web site, after building what is missing."""
    from waitress.server import create_server

    from innoshare.web.app import MAX_BODY, create_app

    _build(settings, keep_old=True)
    try:
        server = create_server(create_app(settings), host=host, port=port, threads=SERVER_THREADS, ident=None,
                               max_request_body_size=2 * MAX_BODY,  # Beyond, it would be stored only to be refused.
                               connection_limit=CONNECTIONS, channel_timeout=IDLE_SECONDS)
    except (OSError, ValueError) as error:
        raise BadInput([("--host, --port", f"cannot listen on {host}, port {port} ({error}); is something else "
                                           "listening there? Choose another with --port")]) from error
    port = getattr(server, "effective_port", port)  # What the system chose, where 0 was asked for.
    err.print(f"innoshare is served at [bold]http://{'localhost' if host == '127.0.0.1' else host}:{port}/[/] "
              "(stop with Ctrl+C)")
    try:
        server.run()
    finally:
        server.close()


def _library(settings: Settings) -> "Library":
    """The library of the content as it is now, built if need be."""
    from innoshare import content, edition
    from innoshare.library import Library

    try:
        library = Library.open(settings)
        if library.edition == edition.fingerprint(content.digests(settings.content), settings.embeddings):
            return library
        library.close()
    except EditionError:
        pass  # Nothing there, or not to be read: it is built.
    _build(settings, keep_old=True, quiet=True)
    return Library.open(settings)


def _build(settings: Settings, *, strict: bool = False, force: bool = False, keep_old: bool = False,
           quiet: bool = False) -> "Built":
    """Build what has changed and say what was done. With `keep_old`, a failed build is no failure as long as an
    older edition is there."""
    from innoshare import edition

    try:
        with _progress() as report:
            built = edition.build(settings.content, settings.data, embeddings=settings.embeddings, strict=strict,
                                  force=force, progress=report)
    except InnoshareError as error:
        if not (keep_old and edition.published(settings.data)):
            raise
        err.print(f"[yellow]The new content was not built; the last edition answers.[/] {escape(str(error))}")
        return edition.Built("", False, 0, 0)
    errors = sum(problem.level == "error" for problem in built.problems)
    if built.fresh:
        err.print(f"Built edition {built.fingerprint}: {built.cases} cases of {built.cities} cities "
                  f"({built.rendered} texts rendered, {built.indexed} cases indexed).")
    elif not built.fingerprint:
        err.print("[yellow]The new content was not built; the last edition answers.[/]" if keep_old
                  else "Nothing was published.")
    elif not quiet:
        err.print(f"Nothing has changed: edition {built.fingerprint} holds {built.cases} cases.")
    if keep_old and not built.fingerprint and not edition.published(settings.data):
        raise EditionError(f"No case could be published from {settings.content}. See why with: innoshare check")
    for path, reason in built.not_rendered.items():
        err.print(f"[yellow]Left out:[/] {escape(path)}: {escape(reason)}")
    if errors and not quiet:
        files = len({problem.path for problem in built.problems if problem.level == "error"})
        err.print(f"[yellow]{errors} mistake{'s'[:errors > 1]} in {files} file{'s'[:files > 1]}, left out.[/] "
                  "See what to mend with: innoshare check")
    return built


@contextmanager
def _progress() -> Iterator["edition.Progress"]:
    """Progress bars on standard error; nothing where that is not a terminal."""
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), console=err,
                  transient=True, disable=not err.is_terminal) as bars:
        tasks = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield report


def _print_match(item: "Match") -> None:
    card = item.card
    out.print(f"[bold]{escape(card.title)}[/]  [dim]({item.strength.value} match)[/]\n  {escape(card.city_name)}, "
              f"{escape(card.country_name)} · {card.outcome.label} · evidence {card.evidence_level} of 5 · "
              f"{escape(card.slug)}")
    for evidence in item.evidence:
        if evidence.feature == "shared-concepts" and evidence.case_text:
            out.print(f"  Both speak of: {escape(evidence.case_text)}")
        if evidence.feature == "answering-sentence":
            out.print(f"  You: “{escape(evidence.challenge_text)}”\n  The case: “{escape(evidence.case_text)}”")
    out.print()


def _print_json(body: Any) -> None:
    json.dump(body, sys.stdout, ensure_ascii=False, indent=2, allow_nan=False)
    sys.stdout.write("\n")
