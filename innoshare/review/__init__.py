"""What a pull request is told: the text of one comment, the same on every code host and on a laptop.

`review` compares the content with the revision that it departed from and tells, file by file, what is fine and what to
mend, how complete a case is and what readers would ask next, which cases are like it, and which open challenges it
answers; and what the change does to files that it does not touch. What there is to tell `change` finds out; here it
gets its words.

Decision: the text says what the check says about these files, and the check alone decides. So there is a text whatever
the content holds; where no library can be built of it, what only a library can tell is left out.

Decision: nothing of a contribution is trusted. Its words pass through `report`, which makes them Markdown that shows
them as they are; every link is made here of a valid record's slug, and leads to the library's own site or its
repository.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from babel import Locale

from innoshare import drafting
from innoshare.case import VOCABULARIES, Adoption, Card, Case, City, OpenChallenge, front_matter
from innoshare.choices import ChallengeStatus, Status
from innoshare.comment import MARKER, MAX_COMMENT
from innoshare.config import Settings
from innoshare.content import CONCEPTS, KINDS
from innoshare.errors import Problem
from innoshare.library import Library
from innoshare.matching import Match
from innoshare.report import counted, markdown_line, markdown_name, markdown_problem
from innoshare.review.change import Change, File, is_content, looked_at

# What one file may take of a comment, so that one bad file does not hide the others: more than anybody mends at once.
MAX_ERRORS, MAX_ADVICE = 20, 10
MAX_NAMED = 10  # Files, cases or words in one list; the rest is counted.
MAX_OPEN = 5  # Files with nothing to mend that are told of openly; if there are more, all are folded away.
MAX_ALIKE = 3  # Cases that look like one: who has three to compare has enough.
MAX_ASKED = 3  # Missing fields that are asked for: one can be answered today, three this week.
MAX_WORDS = 300  # Characters of a contributed sentence that is quoted; the longest title has 100, a challenge 600.

# Room for the last sentences of a comment that was cut.
_END = 1_000

# What keeps the address of a page.
_INSTEAD = {
    ("cases", "removed"): ("If the case is only out of date, keep the file and write `status: archived`: it can still "
                           "be read then, and searches leave it out."),
    ("challenges", "removed"): ("If the city has found an answer, keep the file, write `status: solved` and name the "
                                "case under `answered_by`."),
    **{(folder, "renamed"): "Keep the old name, unless it is wrong." for folder in KINDS}}

Show = Callable[[Library, Sequence[tuple[str, str]]], tuple[str, int]]


def review(settings: Settings, base: str, show: Show | None = None) -> str:
    """The comment on what changes in the content since the revision `base`, in Markdown; its first line is MARKER.

    `show` is given the library with the change, and the (folder, slug) of every page of it that can be seen, and
    returns where they can be looked at, and how many of them. Raises GitError where git does not know what changes.
    """
    with looked_at(settings, base) as change:
        if change is None:
            return (f"{MARKER}\nThank you for this contribution: it changes nothing in the content of the library, so "
                    "nothing has to be mended.\n")
        where, pages = show(change.library, change.pages) if show and change.library and change.pages else ("", 0)
        return _Comment(change).text(where, pages)


class _Comment:
    """The words for a change: a greeting, a section for each file, an end."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._settings, self._library, self._now = change.settings, change.library, change.now

    def text(self, where: str, pages: int) -> str:
        """The comment; `where` says where the previews of so many pages are."""
        end = "".join(f"\n{line}\n" for line in self._end(where, pages))
        parts, left = [f"{MARKER}\n{self._greeting()}\n"], MAX_COMMENT - _END - len(end)
        files = self._change.files
        is_fine = [not file.errors and file.difference.kind in ("added", "changed") for file in files]
        fine = [self._section(file) for file, is_one in zip(files, is_fine, strict=True) if is_one]
        others = [self._section(file) for file, is_one in zip(files, is_fine, strict=True) if not is_one]
        sections = [*others, *self._because(), *fine]
        folded = len(sections) - len(fine) if len(fine) > MAX_OPEN else len(sections)
        left -= len(parts[0])
        more, number = "", 0
        for number, section in enumerate(sections):
            if len(section) > left:
                more = ("\nThere is more to say than a comment can hold: "
                        f"{counted(len(sections) - number, 'file')} not told of here. `innoshare check` names every "
                        "mistake.\n")
                break
            if number == folded:
                parts.append(f"\n<details><summary>{counted(len(fine), 'file')} in which nothing has to be mended"
                             "</summary>\n")
            parts.append(section)
            left -= len(section)
        if len(parts) > folded + 1:
            parts.append("\n</details>\n")
        return "".join((*parts, more, end))

    def _greeting(self) -> str:
        files, caused = self._change.files, self._change.caused
        looked = f"**Thank you for this contribution.** {counted(len(files), 'file')} of the content changed"
        errors = sum(len(file.errors) for file in files) + sum(one.level == "error" for one in caused)
        if not errors:
            return f"{looked}, and nothing has to be mended."
        return (f"{looked}. {counted(errors, 'thing')} {'has' if errors == 1 else 'have'} to be mended before readers "
                "can see all of it. Each is named below, with what to write instead. Change the file again as often as "
                "you like; this text follows by itself.")

    def _end(self, where: str, pages: int) -> Iterator[str]:
        if self._change.trouble:
            yield (f"What only a built library can tell is missing here (which cases are alike, which challenges are "
                   f"answered): {_words(self._change.trouble)}.")
        if pages:
            yield (f"**See it as readers will:** open {markdown_name(where)} ({counted(pages, 'page')}). On a code "
                   "host, download the whole folder first: it is among the artifacts of the run “Contribution”, which "
                   "wrote this.")
        yield "The same check on your own machine: `innoshare check`."

    # --- files ---

    def _section(self, file: File) -> str:
        more = {"cases": self._case, "challenges": self._challenge, "cities": self._city, CONCEPTS: self._concepts,
                "vocabulary": self._vocabulary}.get(file.folder, self._other)
        how = {"added": "new", "renamed": f"renamed from {self._named(file.difference.old)}"}.get(
            file.difference.kind, file.difference.kind)
        paragraphs = [f"#### {self._named(file.path)} ({how})", *self._verdict(file)]
        if file.is_there:
            paragraphs += more(file)
        paragraphs += self._left_behind(file)
        return _paragraphs(paragraphs)

    def _verdict(self, file: File) -> Iterator[str]:
        """What is fine and what to mend."""
        if file.is_there and file.folder and not file.errors:
            is_draft = file.folder == "cases" and self._change.header(file).get("status") == Status.DRAFT
            yield ("This is a draft: it is checked leniently and not shown. Once you write `status: published`, the "
                   "rest is checked as well." if is_draft else "Nothing has to be mended.")
        yield from _problems(file.errors, file.advice)

    def _case(self, file: File) -> Iterator[str]:
        header, entry = self._change.header(file), self._change.entry(file)
        is_new = self._change.was(file) is None
        yield from self._kept(file)
        if self._change.tells_the_same(file):
            return  # Who adds a city to the ledger of somebody else's case is not asked what that case cost.
        if header.get("translation_of"):
            yield from self._translation(header["translation_of"], header.get("language"))
            return
        yield _completeness(file.record, header)
        if entry is None:
            if not is_new:
                return
            answers = self._change.answers(header.get("challenge"), header.get("language"))
            yield from self._alike([match.card for match in answers if match.card.slug != file.slug])
            return
        if entry.challenges:
            yield _list("On the wanted board, it answers:", [self._wanted(item) for item in entry.challenges])
        elif is_new and self._now.challenges and not entry.case.is_warning:
            yield "It answers none of the open challenges on the wanted board."
        if is_new:
            yield from self._alike(entry.similar)

    def _kept(self, file: File) -> Iterator[str]:
        """What somebody did to keep a case true: its ledger, the day on which it was looked at."""
        if day := self._change.checked_again(file):
            yield f"Readers will see that it was checked on {day}."
        if new := self._change.taken_up(file):
            yield _list("Its page will say who has taken it up:", [self._taker(item) for item in new])
            if not all(item.outcome for item in new):
                yield ("What came of it there is not said yet. Once it is known, add it as `outcome:`, also if it "
                       "failed: readers ask for that first.")

    def _taker(self, item: Adoption) -> str:
        city = self._now.cities.get(item.city or "")
        where = city.name if city else item.place or item.city or ""
        since = f", {item.year}" if isinstance(item.year, int) else ""
        return f"{_words(where)}: {item.status.label.lower()}{since}"

    def _translation(self, original: Any, language: Any) -> Iterator[str]:
        """A translator changes words only, so she is asked for no facts."""
        cards = self._library.cards([original]) if self._library and isinstance(original, str) else {}
        names: Mapping[str, str] = Locale("en").languages
        for card in cards.values():
            yield (f"It tells {self._card(card)} in {_words(names.get(str(language), str(language)))}. Readers find "
                   "the two as one case, each in the language of their question where it can be.")

    def _alike(self, cards: Sequence[Card]) -> Iterator[str]:
        if cards:
            yield _list("Cases that look like it. If it is one of them, add to that file instead; if not, tell what is "
                        "different:", [self._card(card) for card in cards[:MAX_ALIKE]])

    def _challenge(self, file: File) -> Iterator[str]:
        if self._library is None:
            return
        header, entry = self._change.header(file), self._change.entry(file)
        found = (*entry.matches, *entry.cautions) if entry else self._change.answers(header.get("challenge"),
                                                                                     header.get("language"))
        if found:
            yield _list("The library has looked. Somebody may have solved this before:",
                        [self._match(match) for match in found])
        else:
            yield ("The library has looked: nobody here has solved this yet. From now on it looks again whenever a "
                   "case is added.")
        record = file.record
        if isinstance(record, OpenChallenge) and record.status is not ChallengeStatus.OPEN:
            named = self._library.cards(record.answered_by).values()
            yield _list("The city itself names as an answer:", [self._card(card) for card in named])
            if record.status is ChallengeStatus.SOLVED and any(self._is_missing(record.city, card) for card in named):
                yield (f"Has {_words(self._now.cities[record.city].name)} taken up what another city did? Then “We do "
                       "this too” on the page of that case makes the lines that tell its readers.")

    def _is_missing(self, city: str, card: Card) -> bool:
        """Whether the ledger of a case could name a city, and does not."""
        case = self._now.cases[card.slug]
        return city != case.city and city not in {item.city for item in case.adoptions}

    def _city(self, file: File) -> Iterator[str]:
        city = file.record
        if isinstance(city, City):
            missing = [f"`{name}`" for name, info in front_matter(City)
                       if not info.is_required() and getattr(city, name) in (None, [])]
            yield f"The profile holds all that is needed. It could also say: {', '.join(missing)}." if missing else (
                "The profile is complete.")
        users = self._change.users(file)
        if users:
            yield _list(f"{counted(len(users), 'file')} {'names' if len(users) == 1 else 'name'} it:",
                        self._referring(users))
        else:
            yield "No case names it yet."

    def _concepts(self, file: File) -> Iterator[str]:
        names: Mapping[str, str] = Locale("en").languages
        for verb, words in zip(("adds", "takes away"), self._change.words(file), strict=True):
            if words:
                counts = sorted(Counter(language for language, _ in words).items())
                languages = ", ".join(f"{number} in {names.get(language, language)}" for language, number in counts)
                yield (f"It {verb} {counted(len(words), 'word')}: {languages}. "
                       f"({_some([word for _, word in sorted(words)])})")

    def _vocabulary(self, file: File) -> Iterator[str]:
        if file.slug in VOCABULARIES:
            for verb, values in zip(("adds", "takes away"), self._change.values(file), strict=True):
                if values:
                    yield f"It {verb} {counted(len(values), 'value')}: {_some(sorted(values))}."

    def _other(self, file: File) -> Iterator[str]:
        if not file.errors and not file.advice:
            yield "This file is no part of the content that readers see."

    # --- what the change does elsewhere ---

    def _left_behind(self, file: File) -> Iterator[str]:
        """Who still refers to a file that is not there any more."""
        folder, _, name = file.difference.old.rpartition("/")
        if file.difference.kind not in ("removed", "renamed") or not is_content(file.difference.old):
            return
        slug = markdown_name(name.removesuffix(".md"))
        if self._change.was(file) is not None:
            yield (f"The address `/{folder}/{name.removesuffix('.md')}` will find nothing any more, nor will links and "
                   f"citations that lead there. {_INSTEAD.get((folder, file.difference.kind), '')}").rstrip()
        if still := self._change.left_behind(file):
            yield _list(f"Still referred to as {slug}; change these files too:", self._referring(still))
        elif folder in KINDS:
            yield f"No other file refers to {slug}."

    def _because(self) -> Iterator[str]:
        """Problems of files that do not change, a section for each file."""
        by_path: dict[str, list[Problem]] = {}
        for problem in self._change.caused:
            by_path.setdefault(problem.path, []).append(problem)
        for path, problems in sorted(by_path.items()):
            errors, advice = ([one for one in problems if one.level == level] for level in ("error", "advice"))
            yield _paragraphs([f"#### {markdown_name(path)}: because of this change", *_problems(errors, advice)])

    # --- names and links ---

    def _named(self, path: str) -> str:
        return markdown_name(self._change.named(path))

    def _referring(self, users: Mapping[str, str]) -> list[str]:
        return [f"{self._named(path)} ({how})" for path, how in sorted(users.items())]

    def _match(self, match: Match) -> str:
        said = next((one.case_text for name in ("answering-sentence", "same-problem") for one in match.evidence
                     if one.feature == name and one.case_text), "")
        how = "a warning" if match.card.is_warning else f"a {match.strength.value} match"
        return f"{self._card(match.card)}, {how}" + (f": “{_words(said)}”" if said else "")

    def _card(self, card: Card) -> str:
        return f"{self._link('cases', card.slug, card.title)} ({_words(card.city_name)})"

    def _wanted(self, challenge: OpenChallenge) -> str:
        city = self._now.cities[challenge.city]  # or the library would not have it
        return f"{self._link('challenges', challenge.slug, challenge.title)} ({_words(city.name)})"

    def _link(self, folder: str, slug: str, title: str) -> str:
        """A title that leads to its page, where that is published already."""
        path, address = f"{folder}/{slug}.md", ""
        if path not in self._change.comparison.files:
            if self._settings.base_url:
                address = f"{self._settings.base_url}/{folder}/{slug}"
            elif host := self._settings.code_host:
                address = host.view(path)
        return f"[{_words(title)}]({address})" if address and not set(address) & set("()<> ") else _words(title)


def _words(words: str) -> str:
    """Words that somebody else may have written, in one line of bounded length."""
    return markdown_line(words, MAX_WORDS)


def _paragraphs(paragraphs: Sequence[str]) -> str:
    return "".join(f"\n{paragraph}\n" for paragraph in paragraphs)


def _list(head: str, items: Sequence[str]) -> str:
    more = [f"and {len(items) - MAX_NAMED:,} more"] if len(items) > MAX_NAMED else []
    return "\n".join((head, "", *(f"- {item}" for item in (*items[:MAX_NAMED], *more))))


def _some(names: Sequence[str]) -> str:
    """Names within a sentence."""
    more = f" and {len(names) - MAX_NAMED:,} more" if len(names) > MAX_NAMED else ""
    return ", ".join(map(markdown_name, names[:MAX_NAMED])) + more


def _problems(errors: Collection[Problem], advice: Collection[Problem]) -> Iterator[str]:
    """Mistakes one by one; advice folded away."""
    mistakes, hints = ([markdown_problem(one, MAX_WORDS) for one in problems] for problems in (errors, advice))
    if mistakes:
        more = len(mistakes) - MAX_ERRORS
        yield "\n".join((f"**{counted(len(mistakes), 'thing')} to mend:**", "", *mistakes[:MAX_ERRORS], *(
            [f"- and {counted(more, 'more mistake')}; `innoshare check` names all"] if more > 0 else [])))
    if hints:
        more = len(hints) - MAX_ADVICE
        yield "\n".join((f"<details><summary>Advice ({len(hints)}); nothing that must be done</summary>", "",
                         *hints[:MAX_ADVICE], *([f"- and {more} more"] if more > 0 else []), "", "</details>"))


def _completeness(record: Any, header: Mapping[str, Any]) -> str:
    """How much of what readers ask a case answers, and what to answer next."""
    share = record.completeness if isinstance(record, Case) else Case.share_said(header)
    complete = f"**{share:.0%} complete**, counted in what readers like to know beyond the necessary."
    asked = drafting.missing(header)[:MAX_ASKED]
    return complete if not asked else "\n".join((
        f"{complete} What would help them most:", "", *(f"- {question} (`{name}`)" for name, question in asked)))
