"""Keeping a library true: who is to be asked whether what their case says still holds.

Offices, prices and laws change, and a case that nobody has looked at for years misleads the council that decides on it.
`inquiries` gathers such cases by the office that answers for them, and `still_true` writes what to ask there.

Decision: text to send, and no sending. A library knows the public page of an office and never an address of a person;
whoever keeps the library sends the text through the office's own form, by name, and so gets an answer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from innoshare.case import Case, City, Contact
from innoshare.forge import Forge


@dataclass(frozen=True)
class Inquiry:
    """What is to be asked of one office: about its cases, those unseen for longest first."""

    city: City
    contact: Contact
    cases: tuple[Case, ...]


def inquiries(cases: Iterable[Case], cities: Mapping[str, City]) -> list[Inquiry]:
    """One inquiry for each office that answers for any of `cases`; those of one city stand together, and the city with
    the case that was unseen for longest comes first. A translation names the office in other words, so it stands beside
    its original."""
    cases = sorted(cases, key=lambda case: (case.checked, case.slug))
    contacts = {case.slug: case.contact for case in cases}
    found: dict[str, dict[Contact, list[Case]]] = {}
    for case in cases:
        office = contacts.get(case.translation_of or "", case.contact)
        found.setdefault(case.city, {}).setdefault(office, []).append(case)
    return [Inquiry(cities[city], contact, tuple(theirs))
            for city, offices in found.items() for contact, theirs in offices.items()]


def still_true(inquiry: Inquiry, library: str, base_url: str = "", forge: Forge | None = None) -> str:
    """What to send to an office, in plain text, without the name of anybody who sends it.

    `library` is what the library is called and `base_url` its public address; with `forge`, it also tells how to change
    the text oneself, where its site lets anybody do that on the library's own pages.
    """
    several = len(inquiry.cases) > 1
    text = [f"Subject: Still true? {_line(inquiry.cases[0].title)}"
            + (f", and {len(inquiry.cases) - 1} more" if several else ""),
            "Dear colleagues,",
            f"{library} is an open library of what cities did about their challenges, read by other cities before they "
            f"decide. It has {'these texts' if several else 'this text'} about {inquiry.city.name} and names you as "
            f"the office that answers questions. Nobody has checked {'them' if several else 'it'} for a while. Would "
            "you?"]
    text += [_about(case, base_url) for case in inquiry.cases]
    text += ["Please look at four things:",
             "- What came of it. Does it still run, and do the results still hold? That it was stopped is worth as "
             "much to others.\n"
             "- What it costs today.\n"
             "- The contact. Are you still the office to ask, at "
             f"{_line(inquiry.contact.url)}?\n"
             "- The links. Do the sources still open?",
             f"A reply of one line is enough, also to say that all is still true; we then change the "
             f"{'texts' if several else 'text'}."]
    if forge and not forge.in_copies_only:
        text.append(
            "Or change it yourself, in the browser: open the file below, mend what is not true any more, write today's "
            f"date behind `last_verified:` (add that line if there is none), and propose the change. {forge.name} asks "
            "you to sign in; an account is free.\n"
            + "\n".join(forge.edit(f"cases/{case.slug}.md") for case in inquiry.cases))
    text.append("Thank you.")
    return "\n\n".join(text) + "\n"


def address(case: Case, base_url: str) -> str:
    """Where a case is read; only its path where the public address is not known."""
    return f"{base_url.rstrip('/')}/cases/{case.slug}"


def _about(case: Case, base_url: str) -> str:
    return (f"“{_line(case.title)}”\n{address(case, base_url)}\n"
            f"It says: {case.outcome.label.lower()}; {case.stage.label.lower()}. Last checked on {_day(case.checked)}.")


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.day} {day:%B %Y}"


def _line(text: str) -> str:
    """Contributed words in one line, so that they cannot look like words of ours."""
    return " ".join(text.split())
