"""Vocabularies and concepts: what files of terms become, and what is wrong with them.

A vocabulary (`vocabulary/themes.yaml`) lists the values that a field may have. Concepts (`vocabulary/concepts/*.yaml`)
are the words of city life in many languages; their files only group them. Both are YAML from the first line to the
last, one term under each slug. A term with a mistake is left out, the others are there.

A word belongs to one concept only within a language, or a text that has it would be about both.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from innoshare.case import Concept, Term, Vocabulary, front_matter, mark
from innoshare.choices import LANGUAGES
from innoshare.content.fields import check
from innoshare.content.forms import FORMS, SLUG, one_of, safe_slug
from innoshare.content.frontmatter import read_yaml
from innoshare.content.mending import Steps, dotted, shown
from innoshare.errors import Level, Problem
from innoshare.search.text import is_grammar

MAX_LABEL_WORDS = 8  # "lack of access to the internet at home" has eight; each costs time where its first word stands.


class _File:
    """A file of terms as it was read."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path, self.parts = path, read_yaml(data, path)

    def problem(self, steps: Steps, message: str, remedy: str, level: Level = "error", at_key: bool = False) -> Problem:
        place = self.parts.keys.get(steps, self.parts.place(steps)) if at_key else self.parts.place(steps)
        return Problem(self.path, *place, dotted(steps), level, message, remedy)

    def slug(self, slug: str) -> Iterator[Problem]:
        """What is wrong with the name of a term."""
        if safe_slug(slug) != slug:
            yield self.problem((slug,), f"The term {shown(slug)} is not made of small letters, digits and hyphens.",
                               f"Write `{FORMS[SLUG.pattern].guess(slug)}`.")


def terms(path: str, data: bytes) -> tuple[dict[str, Term], list[str], list[Problem]]:
    """The terms of a vocabulary by slug, the slugs of those with mistakes, and the mistakes."""
    file = _File(path, data)
    problems, found = list(file.parts.problems), dict[str, Term]()
    for slug, value in file.parts.values.items():
        term, mistakes = _term(file, slug, value)
        problems += mistakes
        if term:
            found[slug] = term
    return found, [slug for slug in file.parts.values if slug not in found], problems


def _term(file: _File, slug: str, value: Any) -> tuple[Term | None, list[Problem]]:
    if not isinstance(value, dict):
        return None, [file.problem((slug,), f"The term {shown(slug)} has no label and no help.", "Write below it, "
                                   "indented by two spaces, `label:` and `help:`, each with a line `en: …`.")]
    term, problems = check(Term, file.parts, file.path, within=(slug,), slug=safe_slug(slug))
    problems += file.slug(slug)
    for name in ("label", "help"):
        if isinstance(value.get(name), dict) and "en" not in value[name]:
            problems.append(file.problem((slug, name), f"The {name} of {shown(slug)} has no English words.",
                                         "Add a line `en: …` below it."))
    return (None, problems) if problems else (term, [])


def concepts(files: Sequence[tuple[str, bytes]], vocabulary: Vocabulary) -> tuple[dict[str, Concept], list[Problem]]:
    """The concepts of all files (path, bytes) by slug, and what is wrong with the others."""
    found: dict[str, Concept] = {}
    problems: list[Problem] = []
    owners: dict[tuple[str, str], tuple[str, str]] = {}
    paths: dict[str, str] = {}
    for path, data in files:
        file = _File(path, data)
        problems += file.parts.problems
        for slug, value in file.parts.values.items():
            concept, mistakes = _concept(file, slug, value, vocabulary)
            if slug in found:
                mistakes.append(file.problem((slug,), f"There is another concept {shown(slug)} in {paths[slug]}.",
                                             "Join the two, or choose another name for this one.", at_key=True))
            elif concept:
                mistakes += _taken(file, concept, owners)
            problems += mistakes
            if concept and all(mistake.level == "advice" for mistake in mistakes):
                found[slug], paths[slug] = concept, path
    return found, problems


def _concept(file: _File, slug: str, value: Any, vocabulary: Vocabulary) -> tuple[Concept | None, list[Problem]]:
    if not isinstance(value, dict):
        return None, [file.problem((slug,), f"The concept {shown(slug)} has no label.", "Write below it, indented by "
                                   "two spaces, `label:`, and below that a line for each language: `en: …`, `sv: …`.")]
    concept, problems = check(Concept, file.parts, file.path, within=(slug,), slug=safe_slug(slug))
    problems += file.slug(slug)
    label = value.get("label")
    if isinstance(label, dict) and (missing := [code for code in LANGUAGES if code not in label]):
        lines = ", ".join(f"`{code}: …`" for code in missing)
        problems.append(file.problem((slug, "label"), f"The concept {shown(slug)} has no word in {', '.join(missing)}.",
                                     f"Add below `label:`, with the usual word in that language: {lines}."))
    synonyms = value.get("synonyms")
    if isinstance(label, dict) and isinstance(synonyms, dict):
        problems += [file.problem((slug, "synonyms", code), f"There are synonyms in {shown(code)}, but no label.",
                                  f"Move the most usual of them to a line `{code}: …` below `label:`.", at_key=True)
                     for code in synonyms if code not in label]
    for field, info in front_matter(Concept):
        listed, named = mark(info).vocabulary or "", value.get(field)
        if listed in vocabulary and isinstance(named, list):
            allowed = vocabulary[listed]
            problems += [file.problem((slug, field, place), f"{shown(item)} is not one of the "
                                      f"{listed.replace('_', ' ')}.", one_of(item, list(allowed)))
                         for place, item in enumerate(named) if isinstance(item, str) and item not in allowed]
    return (None, problems) if problems else (concept, [])


def _taken(file: _File, concept: Concept, owners: dict[tuple[str, str], tuple[str, str]]) -> Iterator[Problem]:
    """Words that already stand for another concept, or twice for this one. Keeps in `owners` whose each word is."""
    for language, names in concept.names.items():
        for place, name in enumerate(names):
            steps: Steps = (concept.slug, *(("synonyms", language, place - 1) if place else ("label", language)))
            if problem := _unfit(name):
                yield file.problem(steps, *problem)
            elif is_grammar(name, language) and not name.isupper():
                yield file.problem(steps, f"{shown(name)} is also a word of grammar, which stands in every text.",
                                   "Leave it only if it mostly means this concept; else write more words.", "advice")
            word = (language, " ".join(name.replace("-", " ").casefold().split()))
            if word not in owners:
                owners[word] = concept.slug, file.path
            elif owners[word][0] == concept.slug:
                yield file.problem(steps, f"{shown(name)} is already among the words of {shown(concept.slug)}; "
                                   "capitals and hyphens make no difference.", "Remove one of the two.")
            else:
                owner, path = owners[word]
                yield file.problem(steps, f"{shown(name)} already stands for the concept {shown(owner)} in {path}.",
                                   "Keep it where it fits better; a word stands for one concept in each language.")


def _unfit(name: str) -> tuple[str, str] | None:
    """Why a label would find nothing, and what to do."""
    words = re.findall(r"\w+", name)
    if not any(map(str.isalnum, name)):
        return f"{shown(name)} holds no letter.", "Write a word."
    if any(map(unicodedata.combining, unicodedata.normalize("NFC", name))):
        return f"{shown(name)} holds an accent on no letter that has it.", "Type the word again."
    if len(words) > MAX_LABEL_WORDS:
        return (f"{shown(name)} has {len(words)} words; nobody writes so many in the same order.",
                f"Write at most {MAX_LABEL_WORDS}.")
    return None
