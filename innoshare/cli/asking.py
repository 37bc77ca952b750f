"""Commands that ask the library: search, match, evaluate."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape
from rich.table import Table

from innoshare.cli.common import err, library_now, out, pairs_of, print_json, progress_bars
from innoshare.config import Settings
from innoshare.errors import BadInput

if TYPE_CHECKING:
    from innoshare.case import Concept
    from innoshare.matching import Match


@click.command()
@click.argument("query")
@click.option("--filter", "filters", multiple=True, metavar="FIELD=VALUE",
              help="Narrow the search, as theme=mobility; may be given several times.")
@click.option("--json", "as_json", is_flag=True, help="Print what /api/v1/search answers.")
@click.pass_obj
def search(settings: Settings, query: str, filters: Sequence[str], as_json: bool) -> None:
    """Find cases by words: QUERY takes words, "a phrase", -without and prefix*."""
    from innoshare.report import counted
    from innoshare.web import parameters, shapes

    pairs = [("q", query), *pairs_of("--filter", filters, "theme=mobility")]
    library = library_now(settings)
    found = library.search(parameters.query(pairs, library))
    if as_json:
        print_json(shapes.search_body(found, library, settings.base_url).model_dump(mode="json"))
        return
    for hit in found.results.hits:
        card = found.cards[hit.slug]
        out.print(f"[bold]{escape(card.title)}[/]\n  {escape(card.city_name)}, {escape(card.country_name)} · "
                  f"{card.outcome.label} · {escape(card.slug)}\n  {escape(card.summary)}\n")
    total, shown = found.results.total, len(found.results.hits)
    out.print(f"{counted(total, 'case')} found{f', {shown} shown' if shown < total else ''}.")
    if found.results.did_you_mean:
        out.print(f"Did you mean: {escape(found.results.did_you_mean)}?")


@click.command()
@click.argument("text", default="-")
@click.option("--city", metavar="SLUG", help="Your city, as its file is named; cities like it come first.")
@click.option("--language", metavar="CODE", help="Language of TEXT, as fi, where it is not told by itself.")
@click.option("--json", "as_json", is_flag=True, help="Print what /api/v1/match answers.")
@click.pass_obj
def match(settings: Settings, text: str, city: str | None, language: str | None, as_json: bool) -> None:
    """Has anyone solved this? TEXT is the challenge in your own words; - reads it from standard input."""
    from innoshare.choices import LANGUAGES
    from innoshare.matching import Challenge
    from innoshare.web import shapes, wording

    if language and language not in LANGUAGES:
        raise BadInput([("--language", f"choose from {', '.join(LANGUAGES)}; or leave it out")])
    library = library_now(settings)
    if city and city not in library.cities:
        raise BadInput([("--city", f"there is no city {city!r} in the library; choose one like yours: "
                                   f"{', '.join(library.cities)}")])
    if text == "-":
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    challenge = Challenge.of(text, library.cities[city] if city else None, language or "")
    answer = library.match(challenge)
    body = shapes.match_body(answer, library, settings.base_url)
    if as_json:
        print_json(body.model_dump(mode="json"))
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


@click.command()
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
        library_now(settings).close()
        own = Library(edition.open_published(settings.data, settings.embeddings, sides))
    else:
        concepts = content.read(settings.content).concepts
        if not concepts:
            err.print(f"[yellow]There are no concepts in {escape(str(settings.content))}; words and meaning only.[/]")
    with ExitStack() as stack:
        # Opened first: nobody wants to learn after the computation that there is no such folder.
        lines = stack.enter_context(run_file.open("w", encoding="utf-8")) if run_file else None
        result = quality.evaluate(judged, own, concepts, settings.embeddings, sides,
                                  stack.enter_context(progress_bars()))
        if lines:
            lines.writelines(f"{line}\n" for line in quality.trec(result.run))
    if as_json:
        print_json({"collection": result.collection, "documents": result.documents,
                     **{name: {kind: asdict(measures) for kind, measures in getattr(result, name).items()}
                        for name in ("library", "baseline")},
                     "honesty": asdict(result.honesty) if result.honesty else None})
        return
    table = Table(title=f"{result.collection}: {len(judged.questions)} questions, {result.documents} documents")
    for column in ("questions", "n", "nDCG@10", "MRR@10", "recall@5", "recall@20",
                   "nDCG@10 judged only", "stock Whoosh nDCG@10"):
        table.add_column(column, justify="left" if column == "questions" else "right")
    for kind, measures in result.library.items():
        figures = (measures.ndcg, measures.mrr, measures.recall_first, measures.recall, measures.judged_ndcg,
                   result.baseline[kind].ndcg)
        table.add_row(kind, str(measures.questions), *(f"{figure:.3f}" for figure in figures))
    out.print(table)
    if honesty := result.honesty:
        out.print(f"A strong answer is given to {honesty.solved:.0%} of {honesty.answered} challenges that have one, "
                  f"and to {honesty.wrongly:.0%} of {honesty.without} whose answers are taken away or that have none "
                  f"(area under the curve {honesty.curve:.3f}).")
        if honesty.none is not None:
            out.print(f"Of {honesty.unanswered} challenges that nothing answers, {honesty.none:.0%} are told so.")


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
