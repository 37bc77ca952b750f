"""Rules for the text below the header: what it names, what Markdown it holds, and the sections of a case.

As in `rules`, each is a generator over one Page with a World, and its docstring is the rule. What Markdown may hold and
which headings there are `render` knows.
"""

import re
from collections.abc import Collection, Generator, Iterator, Sequence
from itertools import pairwise

from innoshare.case import EARLIEST_YEAR, LATEST_YEAR, Case
from innoshare.choices import Section
from innoshare.content.forms import similar
from innoshare.content.mending import shown
from innoshare.content.pages import Found, Page, World, which
from innoshare.content.persons import mail_in, number_to_dial
from innoshare.errors import Problem
from innoshare.render import habits, headings, is_too_long, mistakes, sections_named

SECTION_LEVEL = 2  # of the headings that begin a section: `## `


def the_text_names_no_address(page: Page, world: World) -> Found:
    """The body holds no e-mail address either: nobody can tell an office's from a person's."""
    for number, line in enumerate(page.lines):
        if mail := mail_in(line):
            yield page.in_body(number, f"The text holds an e-mail address: {shown(mail + '…')}.",
                               "Link to the public page of the office instead: `[Planning office](https://…)`.",
                               column=line.index(mail))


def the_text_names_no_number(page: Page, world: World) -> Found:
    """The body holds no telephone number either."""
    for line, text in enumerate(page.lines):
        if number := number_to_dial(text):
            yield page.in_body(line, f"The text holds a telephone number: {shown(number)}.",
                               "Link to the public page of the office instead, where readers find the current one: "
                               "`[Planning office](https://…)`.", "advice", max(text.find(number), 0))


def markdown_can_be_shown(page: Page, world: World) -> Found:
    """The body holds nothing that must not or cannot be shown."""
    for found in mistakes(page.parts.body):
        yield page.in_body(found.line, found.message, found.remedy, column=found.column)


def markdown_looks_as_meant(page: Page, world: World) -> Found:
    """The body avoids what GitHub's preview shows differently from our pages."""
    if is_too_long(page.parts.body):
        return
    for found in habits(page.parts.body):
        yield page.in_body(found.line, found.message, found.remedy, "advice", found.column)


def headings_have_words(page: Page, world: World) -> Found:
    """A heading has words; Markdown takes `##` alone for one."""
    labels = iter([section.label for section in Section] if page.model is Case else [])
    own = "" if page.text("language") in ("", "en") else "in the language of this text, in English "
    for line, level, words in headings(page.parts.body):
        sign = "#" * level
        label = next(labels, "") if level == SECTION_LEVEL else ""
        if not words:
            yield page.in_body(line, f"This heading has no words: `{sign}` stands alone.", (
                f"Write the name of the section, {own or 'as '}`{sign} {label}`," if label else
                f"Write words behind `{sign}`,") + " or remove the line.", page.strict)


def linked_cases_exist(page: Page, world: World) -> Found:
    """A link to `/cases/…` in the body leads to a case."""
    remedy = which(world.files["cases"], f"{world.root}/cases")
    for number, line in enumerate(page.lines):
        for match in re.finditer(r"\]\(/cases/([a-z0-9-]{1,60})", line):
            if match[1] not in world.files["cases"]:
                yield page.in_body(number, f"There is no case {shown(match[1])} to link to.", remedy(match[1]),
                                   column=match.start() + len("]("))


# A number that says how much: not part of a name (CO2, COVID-19), of a time or of an address.
_FIGURE = re.compile(r"(?<![\w.,:/])(?<!\w-)[0-9]+(?:[.,][0-9]+)*(?![\w:/])")
_NO_FIGURE = re.compile(r"^\s*[0-9]+[.)]\s|[0-9]{4}(?:-[0-9]{2}){1,2}")  # the number of an item of a list, a date


def figures_in_the_text_have_a_source(page: Page, world: World) -> Found:
    """Where the section on results gives figures, a reader can see what they rest on: `results`, a link, or a note."""
    if is_too_long(page.parts.body) or page.at("results") or not page.parts.complete:
        return
    sections, named = sections_of(page.parts.body, page.text("language"))
    if Section.RESULTS not in named:
        return
    lines, place = page.lines, named.index(Section.RESULTS)
    begin, end = sections[place][0] + 1, (*(line for line, _ in sections[place + 1 :]), len(lines))[0]
    if any(re.search(r"\]\(|<https?://|\[\^|\]\[", line) for line in lines[begin:end]):
        return
    years = {str(year) for year in range(EARLIEST_YEAR, LATEST_YEAR + 1)}
    for number in range(begin, end):
        if not years.issuperset(_FIGURE.findall(_NO_FIGURE.sub("", lines[number]))):
            yield page.in_body(number, "The results are told in figures, but nothing says where these come from.",
                               "List them in the header under `results`, each with `metric`, `value` and `source`, or "
                               "link to the report where you tell them: `[evaluation report](https://…)`.", "advice")
            return


_IN_ORDER = ", ".join(f"`## {section.label}`" for section in Section)


def the_story_has_its_sections(page: Page, world: World) -> Found:
    """The body has the five sections of a case, in their order and none empty, and no others."""
    if is_too_long(page.parts.body):
        return
    sections, named = sections_of(page.parts.body, page.text("language"))
    elsewhere = yield from _begun_elsewhere(page, named)
    in_other_words = _is_foreign(page.text("language")) and set(named) <= {None, Section.SITUATION}
    if in_other_words and sections and len(sections) != len(Section) and not elsewhere:
        times = "once" if len(sections) == 1 else f"{len(sections)} times"
        yield page.in_body(sections[0][0], f"A case has five sections, but `## ` stands here {times}.",
                           "Write `## ` before these five, in the language of the text and in this order: "
                           f"{', '.join(section.label.lower() for section in Section)}. Headings within a section "
                           "begin with `### `.", page.strict)
        return
    if not sections and not elsewhere:
        yield page.in_body(0, "The text has none of the five sections of a case.", "Write five headings, each on a "
                           f"line of its own, and below each its text: {_IN_ORDER}. In another language than English "
                           "write them in that language, in the same order.", page.strict)
        return
    there = yield from _one_by_one(page, sections, named)
    right = [section for section in Section if section in there]
    if there != right:
        first = next(one for one, other in zip(there, right, strict=True) if one is not other)
        yield page.in_body(sections[named.index(first)][0], "The sections are not in their order.",
                           f"Put them in this order: {_IN_ORDER}.", page.strict)
    after = ""
    for section in Section:
        if section not in (*there, *elsewhere):
            yield page.in_body(0, f"The section {shown(section.label)} is missing.",
                               f"Add a line `## {section.label}`{after} and write the text below it.", page.strict)
        after = f" after the section {shown(section.label)}"


def _begun_elsewhere(page: Page, named: Collection[Section | None]) -> Generator[Problem, None, list[Section]]:
    """Tells of sections that begin with another sign than `## `, each once, and of headings of a whole page; returns
    these sections. `named` are those that begin as they should."""
    found: list[Section] = []
    for line, sign, words in _other_beginnings(page.parts.body):
        section = Section.named(words.rstrip(": "))
        if section and section not in (*named, *found):
            found.append(section)
            yield page.in_body(line, f"{shown(sign + words + sign.strip('# '))} does not begin a section.",
                               f"Write it as `## {section.label}`.", page.strict)
        elif sign == "# ":
            yield page.in_body(line, f"{shown('# ' + words)} is the heading of a whole page.",
                               "Write `## ` before the five sections and `### ` below them.", page.strict)
    return found


def _other_beginnings(body: str) -> Iterator[tuple[int, str, str]]:
    """Where somebody may have meant a section to begin (line, sign, words): headings of another level, and bold lines.
    """
    lines = body.split("\n")
    for line, level, words in headings(body):
        if level != SECTION_LEVEL and not re.match(r" {0,3}#[^#\s]", lines[line]):  # `#1` was hardly meant; a habit
            yield line, "#" * level + " ", words
    for line, text in enumerate(lines):
        if bold := re.fullmatch(r"(\*\*|__)(?=\S)([^*_]{1,60})\1:?\s*", text):
            yield line, bold[1], bold[2]


def _one_by_one(page: Page, sections: Sequence[tuple[int, str]], named: list[Section | None]
                ) -> Generator[Problem, None, list[Section]]:
    """Tells what is wrong with each section by itself; returns those that are there, in the order of the text.

    A section that was probably meant counts as there, so that nobody is told as well that it is missing, and is entered
    in `named`.
    """
    lines, there = page.lines, list[Section]()
    for number, ((line, words), (end, _)) in enumerate(pairwise([*sections, (len(lines), "")])):
        section = named[number]
        if section is None and not words:  # `headings_have_words` tells
            section = named[number] = next((one for one in Section if one not in (*named, *there)), None)
        elif section is None:
            section = named[number] = _meant(words)
            yield _no_section(page, line, words, section, is_underlined=not lines[line].lstrip().startswith("#"))
        elif section in there:
            yield page.in_body(line, f"The section {shown(section.label)} stands here a second time.", "Join the two.",
                               page.strict)
        elif not "".join(lines[line + 1 : end]).strip("=- \t"):
            yield page.in_body(line, f"The section {shown(words or section.label)} is empty.",
                               "Write at least a sentence; if nothing is known, say so.", page.strict)
        if section and section not in there:
            there.append(section)
    return there


def _meant(words: str) -> Section | None:
    like = similar(words.casefold(), [section.label.casefold() for section in Section])
    return Section.named(like[0]) if like else None


def _no_section(page: Page, line: int, words: str, meant: Section | None, is_underlined: bool) -> Problem:
    """What is said of a heading that is none of the five; with a line of hyphens below, it may not be meant as one."""
    like = f"Did you mean `## {meant.label}`?" if meant else ""
    if is_underlined:
        return page.in_body(line + 1, f"The line of hyphens makes a heading of {shown(words)} above it.", like or
                            "Put an empty line above the hyphens; a heading within a section begins with `### `.",
                            page.strict)
    return page.in_body(line, f"{shown('## ' + words)} is not one of the five sections.", like or
                        "Write the name of a section, or `### ` if this is a heading within one. The sections are: "
                        f"{_IN_ORDER}.", page.strict)


def _is_foreign(language: str) -> bool:
    """Whether sections have names of their own in a language; one that is misspelled may be English."""
    return language != "en" and re.fullmatch("[a-z]{2}", language) is not None


def sections_of(body: str, language: str) -> tuple[list[tuple[int, str]], list[Section | None]]:
    """Headings of the second level (line, words), and the section that each begins, where it is known."""
    sections = [(line, words) for line, level, words in headings(body) if level == SECTION_LEVEL]
    words = [words for _, words in sections]
    return sections, sections_named(words) if _is_foreign(language) else [Section.named(one) for one in words]
