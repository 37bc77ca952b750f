"""Rules that look at several fields, at other files or at the calendar.

Each rule is a generator over one Page, with a World of what lies outside its file; its docstring is the rule. It is in
force when it stands on EVERY_PAGE or EVERY_CASE. What a single field may hold is declared in `case` and told by
`fields`; how a file is read, and which files there are, a rule need not know.

Decision: rules see the header as it was written, valid or not. So a mistake in one field does not keep the others from
being looked at, and each rule passes over what is not there or not of its kind: that is somebody else's Problem.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from babel.numbers import get_territory_currencies

from innoshare.case import EARLIEST_YEAR, LATEST_YEAR, Case, City, Record, Vocabulary, front_matter, is_stale, mark
from innoshare.choices import ChallengeStatus, Section
from innoshare.content.fields import Spot, meant, readings
from innoshare.content.forms import COUNTRY, FORMS, SLUG, one_of, similar
from innoshare.content.frontmatter import FrontMatter
from innoshare.content.mending import Steps, called, capital, dotted, shown
from innoshare.content.persons import is_own_page, mail_in, number_of_office, number_to_dial
from innoshare.errors import Level, Problem
from innoshare.render import habits, headings, is_too_long, mistakes, sections_named

# Unknown names for which the likeliest known one is sought, by each rule in each file. Among 1,000 files one takes
# 20 ms (measured), and whoever misspells more has one reason for all of them.
MAX_GUESSES = 10

SECTION_LEVEL = 2  # of the headings that begin a section: `## `
SEVERAL_ACCOUNTS = ("4", "5")  # levels of evidence for which somebody else found the same


@dataclass(frozen=True)
class World:
    """What a rule may ask about everything outside the file. `files` are the names in each folder, valid or not."""

    root: str
    today: date
    files: Mapping[str, Collection[str]]
    cities: Mapping[str, City]
    vocabulary: Vocabulary
    broken_terms: Mapping[str, Collection[str]]  # vocabulary -> terms that are listed and have mistakes


@dataclass(frozen=True)
class Page:
    """A file under check. Rules see its header as it was written, valid or not."""

    model: type[Record]
    path: str
    slug: str
    parts: FrontMatter
    draft: bool = False

    def at(self, *steps: str | int) -> Any:
        """The value at a place of the header; None where there is none."""
        here: Any = self.parts.values
        for step in steps:
            if isinstance(here, dict) and isinstance(step, str):
                here = here.get(step)
            elif isinstance(here, list) and isinstance(step, int) and step < len(here):
                here = here[step]
            else:
                return None
        return here

    def text(self, *steps: str | int) -> str:
        """The text at a place of the header; empty where there is none."""
        value = self.at(*steps)
        return value.strip() if isinstance(value, str) else ""

    def each(self, name: str, *inner: str) -> Iterator[tuple[Steps, str]]:
        """The texts of a list: its items, or a part of each of its items."""
        items = self.at(name)
        for number in range(len(items) if isinstance(items, list) else 0):
            if text := self.text(name, number, *inner):
                yield (name, number, *inner), text

    def texts(self) -> Iterator[tuple[Steps, str]]:
        """Every text of the header with its place."""
        waiting: list[tuple[Steps, Any]] = [((), self.parts.values)]
        while waiting:
            steps, value = waiting.pop()
            if isinstance(value, str):
                yield steps, value
            elif isinstance(value, dict):
                waiting += [((*steps, key), item) for key, item in value.items()]
            elif isinstance(value, list):
                waiting += [((*steps, number), item) for number, item in enumerate(value)]

    def has_field(self, steps: Steps) -> bool:
        """Whether the header may have a value there. Of a field that does not exist no more need be said than that."""
        return Spot.of(self.model, steps).field is not None

    def problem(self, steps: Steps, message: str, remedy: str, level: Level = "error") -> Problem:
        """A Problem at a place of the header."""
        return Problem(self.path, *self.parts.place(steps), dotted(steps), level, message, remedy)

    def in_body(self, line: int, message: str, remedy: str, level: Level = "error", column: int = 0) -> Problem:
        """A Problem in a line of the body; line and column are counted from 0."""
        return Problem(self.path, self.parts.body_line + line, column + 1, "body", level, message, remedy)

    @property
    def strict(self) -> Level:
        """The level of what only publication requires."""
        return "advice" if self.draft else "error"


Found = Iterator[Problem]
Rule = Callable[[Page, World], Found]


# --- rules for every page -----------------------------------------------------------------------------------------


def nobody_is_named_by_address(page: Page, world: World) -> Found:
    """No field of the header holds an e-mail address: it may be a person's, and robots collect it."""
    for steps, text in page.texts():
        if (mail := mail_in(text)) and page.has_field(steps):
            yield page.problem(steps, f"{capital(called(steps))} holds an e-mail address: {shown(mail + '…')}.",
                               "Leave it out; name the office and the address of its public page.")


def the_text_names_no_address(page: Page, world: World) -> Found:
    """The body holds no e-mail address either: nobody can tell an office's from a person's."""
    if is_too_long(page.parts.body):
        return
    for number, line in enumerate(page.parts.body.split("\n")):
        if mail := mail_in(line):
            yield page.in_body(number, f"The text holds an e-mail address: {shown(mail + '…')}.",
                               "Link to the public page of the office instead: `[Planning office](https://…)`.",
                               column=line.index(mail))


def the_contact_is_no_person(page: Page, world: World) -> Found:
    """The page of an office is not the profile or the telephone of one person."""
    if is_own_page(address := page.text("contact", "url")):
        yield page.problem(("contact", "url"), f"`contact.url` leads to one person: {shown(address)}.",
                           "Write the address of a public page or contact form of the office.")


def nobody_is_called(page: Page, world: World) -> Found:
    """Neither header nor body holds a telephone number: it may be a person's, and it changes."""
    for steps, text in page.texts():
        in_contact = steps[:1] == ("contact",)
        number = number_to_dial(text) or (number_of_office(text) if in_contact else "")
        if number and page.has_field(steps):
            yield page.problem(steps, f"{capital(called(steps))} holds a telephone number: {shown(number)}.",
                               "Leave it out; readers find the current one on the page behind `url`."
                               if in_contact else
                               "Leave it out; name the office and the address of its public page.", "advice")
    if is_too_long(page.parts.body):
        return
    for line, text in enumerate(page.parts.body.split("\n")):
        if number := number_to_dial(text):
            yield page.in_body(line, f"The text holds a telephone number: {shown(number)}.",
                               "Link to the public page of the office instead, where readers find the current one: "
                               "`[Planning office](https://…)`.", "advice", max(text.find(number), 0))


def titles_are_one_line(page: Page, world: World) -> Found:
    """The title of a case and the name of a city are one line: lists, links and feeds show them in one."""
    name = "name" if page.model is City else "title"
    if len(page.text(name).splitlines()) > 1:
        yield page.problem((name,), f"`{name}` holds a line break.",
                           "Write all of it in one line, behind the colon; details belong in the text below.")


def countries_have_their_own_letters(page: Page, world: World) -> Found:
    """A country has the letters of ISO 3166, also where others are usual: UK and EL stand for no country there."""
    for steps, text in [(("country",), page.text("country")), *page.each("adoptions", "country")]:
        if re.fullmatch("[A-Z]{2}", text) and (code := FORMS[COUNTRY].guess(text)) != text:
            yield page.problem(steps, f"There is no country {shown(text)}.", f"Write `{code}`.")


def nothing_is_in_the_future(page: Page, world: World) -> Found:
    """Days and years that are written as facts lie in the past."""
    alone = ("published", "updated", "start", "end", "last_verified", "population_year")
    dated: list[tuple[Steps, str]] = [((name,), page.text(name)) for name in alone]
    dated += [*page.each("sources", "accessed"), *page.each("adoptions", "year")]
    tomorrow = (world.today + timedelta(days=1)).isoformat()  # in Auckland it is tomorrow already
    for steps, text in dated:
        if re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", text) and text > tomorrow[: len(text)]:
            yield page.problem(steps, f"{capital(called(steps))} is {shown(text)}, which lies in the future.",
                               "Check the date, or write what is planned in the text below.", "advice")


def lists_name_things_once(page: Page, world: World) -> Found:
    """A list names each thing once: a word, the address of a source, a language, the city of an adoption."""
    lists = [page.each(name) for name, value in page.parts.values.items() if isinstance(value, list)]
    lists += [page.each("sources", "url"), page.each("translations", "language"), page.each("translations", "case"),
              page.each("adoptions", "city")]
    for items in lists:
        seen: set[str] = set()
        for steps, text in items:
            if text.casefold() in seen:
                yield page.problem(steps, f"{shown(text)} is listed twice under `{steps[0]}`.", "Keep one of them.")
            seen.add(text.casefold())


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


def numbers_have_no_groups(page: Page, world: World) -> Found:
    """A number has no sign between its thousands: 210.000 would be read as 210."""
    for steps, text in page.texts():
        if re.fullmatch(r"[1-9][0-9]{0,2}\.[0-9]{3}", text.strip()):
            spot = Spot.of(page.model, steps)
            if {int, float} & set(spot.kinds) and len(ways := readings(spot, str(steps[-1]), text.strip())) > 1:
                yield page.problem(steps, f"{capital(called(steps))} is {shown(text)}, which some read as {ways[0]} "
                                   f"and others as {float(text):g}.", f"{meant(ways)}.")


def linked_cases_exist(page: Page, world: World) -> Found:
    """A link to `/cases/…` in the body leads to a case."""
    if is_too_long(page.parts.body):
        return
    remedy = _which(world.files["cases"], f"{world.root}/cases")
    for number, line in enumerate(page.parts.body.split("\n")):
        for match in re.finditer(r"\]\(/cases/([a-z0-9-]{1,60})", line):
            if match[1] not in world.files["cases"]:
                yield page.in_body(number, f"There is no case {shown(match[1])} to link to.", remedy(match[1]),
                                   column=match.start() + len("]("))


def _which(names: Collection[str], folder: str) -> Callable[[str], str]:
    """The remedy for the name of a file that does not exist."""
    otherwise = f"Write the name of a file in {folder}, without .md, or add that file."

    def remedy(name: str) -> str:
        like = similar(name, sorted(names))  # of two that are alike it is always the same one
        return f"Did you mean `{like[0]}`? {otherwise}" if like else otherwise

    return _few(remedy, otherwise)


def _few(remedy: Callable[[str], str], otherwise: str) -> Callable[[str], str]:
    """`remedy`, asked once for each name and for MAX_GUESSES names; `otherwise` for the rest."""
    known: dict[str, str] = {}

    def bounded(name: str) -> str:
        if name not in known and len(known) < MAX_GUESSES:
            known[name] = remedy(name)
        return known.get(name, otherwise)

    return bounded


EVERY_PAGE: tuple[Rule, ...] = (
    nobody_is_named_by_address, the_text_names_no_address, the_contact_is_no_person, nobody_is_called,
    titles_are_one_line, numbers_have_no_groups, countries_have_their_own_letters, nothing_is_in_the_future,
    lists_name_things_once, markdown_can_be_shown, markdown_looks_as_meant, headings_have_words, linked_cases_exist)


# --- rules for cases ----------------------------------------------------------------------------------------------


def the_case_says_what_it_is_about(page: Page, world: World) -> Found:
    """`title`, `summary` and `challenge` say something, in a draft too; `unknown` is no answer there."""
    for name in ("title", "summary", "challenge"):
        text = page.text(name)
        if text.casefold() == "unknown" and name in page.model.model_fields:
            wanted = page.model.model_fields[name].description or ""
            yield page.problem((name,), f"`{name}` is {shown(text)}, which is no answer here.",
                               f"Write this instead: {wanted[:1].lower() + wanted[1:]}.")


def the_city_has_a_file(page: Page, world: World) -> Found:
    """`city` names a city file, and that file is in order."""
    name = page.text("city")
    if not SLUG.fullmatch(name) or name in world.cities:
        return
    if name in world.files["cities"]:
        yield page.problem(("city",), f"The file of {shown(name)} has mistakes, so this page cannot be shown.",
                           f"Mend {world.root}/cities/{name}.md first; this file may be in order.", page.strict)
    else:
        yield page.problem(("city",), f"There is no city {shown(name)}.",
                           _which(world.files["cities"], f"{world.root}/cities")(name), page.strict)


def terms_are_in_the_vocabulary(page: Page, world: World) -> Found:
    """Values of fields that have a vocabulary are listed there."""
    for name, info in front_matter(page.model):
        vocabulary = mark(info).vocabulary
        if not vocabulary or vocabulary not in world.vocabulary:
            continue
        file, terms = f"{world.root}/vocabulary/{vocabulary}.yaml", list(world.vocabulary[vocabulary])
        remedy = _few(partial(one_of, allowed=terms), f"Write terms that are listed in {file}.")
        for steps, text in page.each(name):
            if text in world.broken_terms.get(vocabulary, ()):
                yield page.problem(steps, f"{shown(text)} is listed in {file}, but has mistakes there.",
                                   "Mend that file first; this one may be in order.")
            elif text not in world.vocabulary[vocabulary]:
                yield page.problem(steps, f"{shown(text)} is not one of the {vocabulary.replace('_', ' ')}.",
                                   remedy(text))


def the_end_follows_the_start(page: Page, world: World) -> Found:
    """`end` is not before `start`."""
    yield from _in_order(page, "start", "end")


def _in_order(page: Page, first: str, second: str) -> Found:
    """Two days are in their order; of 2019 and 2019-05 neither comes before the other."""
    early, late = page.text(first), page.text(second)
    known = min(len(early), len(late))
    if re.match("[0-9]{4}", early) and re.match("[0-9]{4}", late) and late[:known] < early[:known]:
        yield page.problem((second,), f"`{second}` ({late}) is before `{first}` ({early}).", "Correct one of the two.")


def others_follow_the_start(page: Page, world: World) -> Found:
    """Nobody has taken up what had not begun.

    The other two days of a case are free of each other: one may check (`last_verified`) without changing anything, and
    change a comma (`updated`) without checking.
    """
    start = page.text("start")
    for steps, year in page.each("adoptions", "year"):
        if re.match("[0-9]{4}", start) and re.fullmatch("[0-9]{4}", year) and year < start[:4]:
            yield page.problem(steps, f"This adoption began in {year}, before the case itself ({start}).",
                               "Check both years. If that city was first, this case may have learned from it: name it "
                               "under `inspired_by`.", "advice")


def figures_have_a_listed_source(page: Page, world: World) -> Found:
    """The source of a result, a cost or an adoption also stands under `sources`."""
    if not page.parts.complete:
        return
    listed = {text for _, text in (*page.each("sources", "url"), *page.each("sources"))}  # these lack only their parts
    cited = [*page.each("results", "source"), *page.each("adoptions", "source")]
    cited += [(("cost", "source"), page.text("cost", "source"))] if page.text("cost", "source") else []
    for steps, text in cited:
        if text not in listed:
            close = next((url for url in sorted(listed) if _bare(url) == _bare(text)), None)
            yield page.problem(steps, f"{shown(text)} is not listed under `sources`.",
                               f"It is listed as `{close}`; write the same address in both places." if close else
                               "Add it under `sources` with its title and the day you read it.")


def _bare(url: str) -> str:
    """An address without what people leave out or add: the page within a document."""
    return re.sub(r"^https?://(www\.)?|/?(#.*)?$", "", url.casefold())


# A number that says how much: not part of a name (CO2, COVID-19), of a time or of an address.
_FIGURE = re.compile(r"(?<![\w.,:/])(?<!\w-)[0-9]+(?:[.,][0-9]+)*(?![\w:/])")
_NO_FIGURE = re.compile(r"^\s*[0-9]+[.)]\s|[0-9]{4}(?:-[0-9]{2}){1,2}")  # the number of an item of a list, a date


def figures_in_the_text_have_a_source(page: Page, world: World) -> Found:
    """Where the section on results gives figures, a reader can see what they rest on: `results`, a link, or a note."""
    if is_too_long(page.parts.body) or page.at("results") or not page.parts.complete:
        return
    sections, named = _sections(page)
    if Section.RESULTS.label not in named:
        return
    lines, place = page.parts.body.split("\n"), named.index(Section.RESULTS.label)
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


def sums_have_a_currency(page: Page, world: World) -> Found:
    """A cost says in which currency it is."""
    cost, city = page.at("cost"), world.cities.get(page.text("city"))
    if isinstance(cost, dict) and "currency" not in cost and any(
            re.search("[0-9]", page.text("cost", name)) for name in ("setup", "running_per_year")):
        usual = get_territory_currencies(city.country) if city else []
        yield page.problem(("cost",), "`cost` names a sum, but not its currency.", "Add below `cost`, indented like "
                           f"the sum, a line `currency: {usual[0] if usual else 'EUR'}` with the three capital letters "
                           "of the currency.", "advice")


def strong_evidence_has_several_sources(page: Page, world: World) -> Found:
    """What others have confirmed or found as well, more than one source tells."""
    sources, level = page.at("sources"), page.text("evidence_level")
    if level in SEVERAL_ACCOUNTS and isinstance(sources, list) and len(sources) == 1:
        yield page.problem(("evidence_level",), f"`evidence_level` is {level}, but only one source is named.",
                           f"A level of {' or '.join(SEVERAL_ACCOUNTS)} rests on several independent accounts: name "
                           "them under `sources`, or choose a lower level.", "advice")


def adoptions_happened_somewhere(page: Page, world: World) -> Found:
    """An adoption has a `city` that has a file, or a `place` with its `country`."""
    adoptions, remedy = page.at("adoptions"), _which(world.files["cities"], f"{world.root}/cities")
    for number, adoption in enumerate(adoptions if isinstance(adoptions, list) else []):
        steps: Steps = ("adoptions", number)
        if not isinstance(adoption, dict):
            continue
        city = page.text(*steps, "city")
        if "city" not in adoption and "place" not in adoption:
            yield page.problem(steps, "This adoption does not say where.", "Add a line as `city: stockholm` with the "
                               "name of a city file, or two lines as `place: Kiruna` and `country: SE`.")
        elif "city" not in adoption and "country" not in adoption and (place := page.text(*steps, "place")):
            yield page.problem((*steps, "place"), f"{shown(place)} has no country.",
                               "Add a line `country: …` with the two capital letters of the country, as `SE`.")
        elif city and SLUG.fullmatch(city) and city not in world.files["cities"]:
            yield page.problem((*steps, "city"), f"There is no city {shown(city)}.",
                               remedy(city) + " A place without a file is written as `place: …` and `country: …`.")


def named_cases_exist(page: Page, world: World) -> Found:
    """Cases named under `translation_of`, `translations`, `inspired_by` and `answered_by` exist, and are others than
    this one."""
    named: list[tuple[Steps, str]] = [(("translation_of",), page.text("translation_of"))]
    named += [*page.each("translations", "case"), *page.each("inspired_by"), *page.each("answered_by")]
    remedy = _which(world.files["cases"], f"{world.root}/cases")
    for steps, text in named:
        if not SLUG.fullmatch(text):
            continue
        if text == page.slug and page.model is Case:
            yield page.problem(steps, f"{shown(text)} is this case itself.", "Name another case, or remove the line.")
        elif text not in world.files["cases"]:
            yield page.problem(steps, f"There is no case {shown(text)}.", remedy(text))


def translations_are_in_other_languages(page: Page, world: World) -> Found:
    """What is listed under `translations` is in another language than this file."""
    own = page.text("language")
    for steps, language in page.each("translations", "language"):
        if language == own:
            yield page.problem(steps, f"This file itself is in {shown(own)}; a translation is in another language.",
                               "Write the two small letters of the other language, as `sv`, or remove the entry.")


def somebody_looked_lately(page: Page, world: World) -> Found:
    """`last_verified` is at most two years old."""
    text = page.text("last_verified")
    try:
        stale = is_stale(text, world.today)
    except ValueError:
        return
    if stale:
        yield page.problem(("last_verified",), f"Nobody has checked this case since {text}.",
                           "Check that it is still true, then write today's date here.", "advice")


def the_story_has_its_sections(page: Page, world: World) -> Found:
    """The body has the five sections of a case, in their order and none empty, and no others."""
    if is_too_long(page.parts.body):
        return
    labels = [section.label for section in Section]
    sections, named = _sections(page)
    order = ", ".join(f"`## {label}`" for label in labels)
    lines = page.parts.body.split("\n")
    known = {label.casefold(): label for label in labels}
    seen: list[str | None] = []
    elsewhere: list[str] = []  # labels of sections that are not headings of the second level; they are told once
    for line, sign, words in _other_beginnings(page.parts.body, lines):
        label = known.get(words.casefold().rstrip(": "))
        if label and label not in (*named, *elsewhere):
            elsewhere.append(label)
            yield page.in_body(line, f"{shown(sign + words + sign.strip('# '))} does not begin a section.",
                               f"Write it as `## {label}`.", page.strict)
        elif sign == "# ":
            yield page.in_body(line, f"{shown('# ' + words)} is the heading of a whole page.",
                               "Write `## ` before the five sections and `### ` below them.", page.strict)
    foreign = _is_foreign(page.text("language")) and set(named) <= {None, Section.SITUATION.label}
    if foreign and sections and len(sections) != len(labels) and not elsewhere:
        times = "once" if len(sections) == 1 else f"{len(sections)} times"
        yield page.in_body(sections[0][0], f"A case has five sections, but `## ` stands here {times}.",
                           "Write `## ` before these five, in the language of the text and in this order: "
                           f"{', '.join(label.lower() for label in labels)}. Headings within a section begin with "
                           "`### `.", page.strict)
        return
    if not sections and not elsewhere:
        yield page.in_body(0, "The text has none of the five sections of a case.", "Write five headings, each on a "
                           f"line of its own, and below each its text: {order}. In another language than English "
                           "write them in that language, in the same order.", page.strict)
        return
    for number, ((line, words), label) in enumerate(zip(sections, named, strict=True)):
        end = sections[number + 1][0] if number + 1 < len(sections) else len(lines)
        if label is None and not words:  # `headings_have_words` tells
            named[number] = next((other for other in labels if other not in (*named, *seen)), "")
            if named[number]:
                seen.append(named[number])
        elif label is None:
            like = one_of(words.casefold(), list(known))
            meant = known[like.split("`")[1]] if like.startswith("Did") else ""
            if not lines[line].lstrip().startswith("#"):
                yield page.in_body(line + 1, f"The line of hyphens makes a heading of {shown(words)} above it.",
                                   f"Did you mean `## {meant}`?" if meant else "Put an empty line above the hyphens; "
                                   "a heading within a section begins with `### `.", page.strict)
            else:
                yield page.in_body(line, f"{shown('## ' + words)} is not one of the five sections.",
                                   f"Did you mean `## {meant}`?" if meant else "Write the name of a section, or "
                                   f"`### ` if this is a heading within one. The sections are: {order}.", page.strict)
            named[number] = meant  # so that nobody is told as well that it is missing
            if meant and meant not in seen:
                seen.append(meant)
        elif label in seen:
            yield page.in_body(line, f"The section {shown(label)} stands here a second time.", "Join the two.",
                               page.strict)
        else:
            if not "".join(lines[line + 1 : end]).strip("=- \t"):
                yield page.in_body(line, f"The section {shown(words or label)} is empty.",
                                   "Write at least a sentence; if nothing is known, say so.", page.strict)
            seen.append(label)
    right = [label for label in labels if label in seen]
    if seen != right:
        first = next(label for label, other in zip(seen, right, strict=True) if label != other)
        yield page.in_body(sections[named.index(first)][0], "The sections are not in their order.",
                           f"Put them in this order: {order}.", page.strict)
    for before, label in zip(("", *labels), labels, strict=False):
        if label not in (*seen, *elsewhere):
            after = f" after the section {shown(before)}" if before else ""
            yield page.in_body(0, f"The section {shown(label)} is missing.",
                               f"Add a line `## {label}`{after} and write the text below it.", page.strict)


def _other_beginnings(body: str, lines: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Where somebody may have meant a section to begin (line, sign, words): headings of another level, and bold lines.
    """
    for line, level, words in headings(body):
        if level != SECTION_LEVEL and not re.match(r" {0,3}#[^#\s]", lines[line]):  # `#1` was hardly meant; a habit
            yield line, "#" * level + " ", words
    for line, text in enumerate(lines):
        if bold := re.fullmatch(r"(\*\*|__)(?=\S)([^*_]{1,60})\1:?\s*", text):
            yield line, bold[1], bold[2]


def _sections(page: Page) -> tuple[list[tuple[int, str]], list[str | None]]:
    return sections_of(page.parts.body, page.text("language"))


def _is_foreign(language: str) -> bool:
    """Whether sections have names of their own in a language; one that is misspelled may be English."""
    return language != "en" and re.fullmatch("[a-z]{2}", language) is not None


def sections_of(body: str, language: str) -> tuple[list[tuple[int, str]], list[str | None]]:
    """Headings of the second level (line, words), and the label of the section that each begins, where it is known."""
    sections = [(line, words) for line, level, words in headings(body) if level == SECTION_LEVEL]
    known = {section.label.casefold(): section.label for section in Section}
    named = [known.get(words.casefold()) for _, words in sections]
    if _is_foreign(language):
        named = [section and section.label for section in sections_named([words for _, words in sections])]
    return sections, named


EVERY_CASE: tuple[Rule, ...] = (
    *EVERY_PAGE, the_case_says_what_it_is_about, the_city_has_a_file, terms_are_in_the_vocabulary,
    the_end_follows_the_start, others_follow_the_start, figures_have_a_listed_source, figures_in_the_text_have_a_source,
    sums_have_a_currency, strong_evidence_has_several_sources, adoptions_happened_somewhere, named_cases_exist,
    translations_are_in_other_languages, somebody_looked_lately, the_story_has_its_sections)


# --- rules for open challenges ------------------------------------------------------------------------------------


def an_answer_is_named(page: Page, world: World) -> Found:
    """A challenge that is matched or solved names the cases that answer it; an open one names none."""
    status, answers = page.text("status"), page.at("answered_by")
    if status in (ChallengeStatus.MATCHED, ChallengeStatus.SOLVED) and not answers:
        yield page.problem(("status",), f"`status` is {shown(status)}, but no case is named that answers it.",
                           "Add a line `answered_by: [name-of-the-case]`; if that case is not written yet, leave "
                           "`status: open` and tell in the text below.")
    elif status == ChallengeStatus.OPEN and answers:
        yield page.problem(("answered_by",), "`answered_by` names an answer, but `status` is `open`.",
                           "Write `status: matched` or `status: solved`, or remove the line. What the library itself "
                           "finds is shown anyway.")


def days_of_a_challenge_are_in_order(page: Page, world: World) -> Found:
    """It was made known before it was changed."""
    yield from _in_order(page, "published", "updated")


def an_open_challenge_can_still_be_answered(page: Page, world: World) -> Found:
    """The day until which answers are wanted has not passed while the challenge is open."""
    until = page.text("wanted_by")
    if page.text("status") == ChallengeStatus.OPEN and re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", until) and (
            until < world.today.isoformat()[: len(until)]):
        yield page.problem(("wanted_by",), f"Answers were wanted until {until}, which is over, but `status` is `open`.",
                           "If the city still looks for an answer, write a new day or remove the line; if it has found "
                           "one, write `status: solved` and name the case under `answered_by`.", "advice")


EVERY_CHALLENGE: tuple[Rule, ...] = (
    *EVERY_PAGE, the_case_says_what_it_is_about, the_city_has_a_file, terms_are_in_the_vocabulary, named_cases_exist,
    an_answer_is_named, days_of_a_challenge_are_in_order, an_open_challenge_can_still_be_answered)
