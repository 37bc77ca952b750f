"""Rules that look at several fields, at other files or at the calendar.

Each rule is a generator over one Page, with a World of what lies outside its file; its docstring is the rule. It is in
force when it stands on EVERY_PAGE or EVERY_CASE. What a single field may hold is declared in `case` and told by
`fields`; how a file is read, and which files there are, a rule need not know. Here are the rules for the header; those
for the text below it are in `body`.

Decision: rules see the header as it was written, valid or not. So a mistake in one field does not keep the others from
being looked at, and each rule passes over what is not there or not of its kind: that is somebody else's Problem.
"""

import re
from datetime import timedelta
from functools import partial

from babel.languages import get_official_languages
from babel.numbers import get_territory_currencies

from innoshare.case import Case, City, front_matter, is_stale, mark
from innoshare.choices import LANGUAGES, ChallengeStatus
from innoshare.content.body import (
    figures_in_the_text_have_a_source,
    headings_have_words,
    linked_cases_exist,
    markdown_can_be_shown,
    markdown_looks_as_meant,
    the_story_has_its_sections,
    the_text_names_no_address,
    the_text_names_no_number,
)
from innoshare.content.fields import Spot, meant, readings
from innoshare.content.forms import COUNTRY, FORMS, SLUG, SPOKEN, one_of
from innoshare.content.mending import Steps, called, capital, shown
from innoshare.content.pages import Found, Page, Rule, World, few, which
from innoshare.content.persons import (
    is_named_like_a_person,
    is_own_page,
    mail_in,
    number_of_office,
    number_to_dial,
    title_in,
)

SEVERAL_ACCOUNTS = ("4", "5")  # levels of evidence for which somebody else found the same


# --- rules for every page -----------------------------------------------------------------------------------------


def nobody_is_named_by_address(page: Page, world: World) -> Found:
    """No field of the header holds an e-mail address: it may be a person's, and robots collect it."""
    for steps, text in page.texts():
        if (mail := mail_in(text)) and page.has_field(steps):
            yield page.problem(steps, f"{capital(called(steps))} holds an e-mail address: {shown(mail + '…')}.",
                               "Leave it out; name the office and the address of its public page.")


def the_contact_is_no_person(page: Page, world: World) -> Found:
    """The contact is an office: its page is not the profile or the telephone of one person, and it has no title."""
    if is_own_page(address := page.text("contact", "url")):
        yield page.problem(("contact", "url"), f"`contact.url` leads to one person: {shown(address)}.",
                           "Write the address of a public page or contact form of the office.")
    elif is_named_like_a_person(address):
        yield page.problem(("contact", "url"), f"`contact.url` ends like the name of a person: {shown(address)}.",
                           "If it is the page of one person, write the address of a public page or contact form of the "
                           "office instead.", "advice")
    for name in ("role", "organisation"):
        if title := title_in(page.text("contact", name)):
            yield page.problem(("contact", name), f"`contact.{name}` seems to name a person: {shown(title + '…')}.",
                               "If it does, write the name of the office instead, as `Planning department`.", "advice")


def nobody_is_called(page: Page, world: World) -> Found:
    """No field of the header holds a telephone number: it may be a person's, and it changes."""
    for steps, text in page.texts():
        in_contact = steps[:1] == ("contact",)
        number = number_to_dial(text) or (number_of_office(text) if in_contact else "")
        if number and page.has_field(steps):
            yield page.problem(steps, f"{capital(called(steps))} holds a telephone number: {shown(number)}.",
                               "Leave it out; readers find the current one on the page behind `url`."
                               if in_contact else
                               "Leave it out; name the office and the address of its public page.", "advice")


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


def languages_have_their_own_letters(page: Page, world: World) -> Found:
    """A language has the letters of ISO 639-1, which are not always those of a country: Danish is da, not dk."""
    for steps, text in [(("language",), page.text("language")), *page.each("translations", "language")]:
        if re.fullmatch("[a-z]{2}", text) and text not in SPOKEN:
            spoken_there = [code for code in get_official_languages(text.upper()) if code in SPOKEN]
            like = f"Did you mean `{spoken_there[0]}` ({SPOKEN[spoken_there[0]]})? " if spoken_there else ""
            yield page.problem(steps, f"There is no language {shown(text)}.", f"{like}Write the two letters of the "
                               "language (ISO 639-1), as " + ", ".join(
                                   f"`{code}` ({SPOKEN[code]})" for code in LANGUAGES) + ".")


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


def numbers_have_no_groups(page: Page, world: World) -> Found:
    """A number has no sign between its thousands: 210.000 would be read as 210."""
    for steps, text in page.texts():
        if re.fullmatch(r"[1-9][0-9]{0,2}\.[0-9]{3}", text.strip()):
            spot = Spot.of(page.model, steps)
            if spot.is_number and len(ways := readings(spot, str(steps[-1]), text.strip())) > 1:
                yield page.problem(steps, f"{capital(called(steps))} is {shown(text)}, which some read as {ways[0]} "
                                   f"and others as {float(text):g}.", f"{meant(ways)}.")


EVERY_PAGE: tuple[Rule, ...] = (
    nobody_is_named_by_address, the_text_names_no_address, the_contact_is_no_person, nobody_is_called,
    the_text_names_no_number, titles_are_one_line, numbers_have_no_groups, countries_have_their_own_letters,
    languages_have_their_own_letters, nothing_is_in_the_future, lists_name_things_once, markdown_can_be_shown,
    markdown_looks_as_meant, headings_have_words, linked_cases_exist)


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
                           which(world.files["cities"], f"{world.root}/cities")(name), page.strict)


def terms_are_in_the_vocabulary(page: Page, world: World) -> Found:
    """Values of fields that have a vocabulary are listed there."""
    for name, info in front_matter(page.model):
        vocabulary = mark(info).vocabulary
        if not vocabulary or vocabulary not in world.vocabulary:
            continue
        file, terms = f"{world.root}/vocabulary/{vocabulary}.yaml", list(world.vocabulary[vocabulary])
        remedy = few(partial(one_of, allowed=terms), f"Write terms that are listed in {file}.")
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
    adoptions, remedy = page.at("adoptions"), which(world.files["cities"], f"{world.root}/cities")
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
    remedy = which(world.files["cases"], f"{world.root}/cases")
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
