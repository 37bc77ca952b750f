"""What was answered in the form: taken from a request, or from a file that was begun before.

`Answers.of` takes what was posted, `Answers.of_file` what stands in a file, `text_of` one that was chosen. Nothing is
kept between two requests. The file that answers make is the matter of `written`.
"""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from innoshare.choices import Section
from innoshare.content.body import sections_of
from innoshare.content.frontmatter import MAX_FILE_BYTES, FrontMatter, read
from innoshare.errors import BadInput
from innoshare.web.questions import Kind, starred, title_of, unnumbered
from innoshare.web.spoken import in_quotes, too_many

MAX_FIELDS = 2_000  # The richest real case has 350 keys and values; a header may hold 2,000.
MAX_STRANGE = 10  # Fields that are no questions, named one by one; a wrong program sends thousands.
MAX_NAME = 80  # Characters of a field's name; the longest real one has 30.
MORE_THAN_MOST = 2  # Times as many entries of a list as a file may hold are looked at; with more one begins again.

OF_THE_FILE = ("slug", "status")  # What is asked about the file as a whole, at the end.
OF_THE_FORM = ("step", "go", "offered", "file", "account")  # What the pages say to the server, and no answer.

_NAME = re.compile(r"[a-z_]+(\.(0|[1-9][0-9]{0,2}))?(\.[a-z_-]+)?")
# The name of a control in a record of a list: the list, the number of the record, the rest.
IN_RECORD = re.compile(r"([a-z_]+)\.([0-9]{1,3})(\..*)")


@dataclass(frozen=True, eq=False)  # and so a key for what was made of them
class Answers:
    """Values by the path of their field, the fields that were said not to be known, how many records of each list were
    begun, and the names of what was sent and is no question of this form."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    counts: Mapping[str, int] = field(default_factory=dict)
    strange: tuple[str, ...] = ()

    @classmethod
    def of(cls, kind: Kind, pairs: Iterable[tuple[str, str]]) -> "Answers":
        """What was posted. Raises BadInput where the form cannot have sent it: too many fields or records, one twice.

        Records are numbered anew, so that one that was taken out, or says nothing, leaves no gap.
        """
        found: dict[str, list[str]] = {}
        unknown: set[str] = set()
        strange: dict[str, None] = {}
        known = kind.names | kind.kept | {*OF_THE_FILE}
        for number, (name, value) in enumerate(pairs, 1):
            if number > MAX_FIELDS:
                raise BadInput([("(all)", f"At most {MAX_FIELDS:,} fields. Start again from the form.")])
            is_name = len(name) <= MAX_NAME and _NAME.fullmatch(name) is not None
            if name == "unknown" and len(value) <= MAX_NAME and starred(value) in kind.unknowable:
                unknown.add(value)
            elif is_name and starred(name) in known:
                found.setdefault(name, []).append(value.replace("\r\n", "\n").replace("\r", "\n"))
            elif name not in OF_THE_FORM and len(strange) < MAX_STRANGE:
                strange[name if is_name else "(unreadable)"] = None
        for name, values in found.items():
            if len(values) > 1 and starred(name) not in kind.several:
                raise BadInput([("(all)", f"The answer to “{title_of(kind, name)}” was sent {len(values)} times. Start "
                                 "again from the form.")])
        return _numbered(kind, {name: tuple(values) for name, values in found.items()}, unknown, tuple(strange))

    @classmethod
    def of_file(cls, kind: Kind, text: str, cities: Collection[str]) -> "Answers":
        """The answers that stand in a file; what the form does not ask for is `strange`, if it says anything.

        Raises BadInput where the text is no such file, or a mistake in its header would cost some of the answers.
        """
        parts = read(text.encode("utf-8", "replace"), "")
        if parts.problems or not parts.values:
            said = next((f" Line {problem.line}: {problem.message} {problem.remedy}" for problem in parts.problems), "")
            raise BadInput([("file", in_quotes(f"This cannot be read as the file of a {kind.noun}.{said}"))])
        made = ("status", "updated")  # by the form itself
        found: dict[str, tuple[str, ...]] = {}
        unknown: set[str] = set()
        strange: dict[str, None] = {}
        for path, value in _flat((), parts.values):
            name = path if starred(path) in kind.names else path.rpartition(".")[0]  # an item of a list
            if not _NAME.fullmatch(path) and not _NAME.fullmatch(name):
                strange[unnumbered(path).split(".")[0]] = None
            elif value == "unknown" and starred(path) in kind.unknowable and not kind.spot(path).choices:
                unknown.add(path)
            elif starred(path) in kind.names | kind.kept:
                found[path] = (value,)
            elif starred(name) in kind.several:
                found[name] = (*found.get(name, ()), value)
            elif starred(name) in kind.names:
                found[name] = ("\n".join((*found.get(name, ()), re.sub(r"\s*\n\s*", " ", value))),)
            elif path not in made and (path != "licence" or value != kind.model.model_fields["licence"].default):
                strange[unnumbered(path).split(".")[0]] = None
        if (city := found.get("city", ("",))[0]) not in cities and "city" in found:
            found |= {"city": ("",), "city_new": (city,)}
        found |= _sections(kind, parts)
        named = tuple(name if _NAME.fullmatch(name) else "(unreadable)" for name in strange)
        return _numbered(kind, found, unknown, tuple(dict.fromkeys(named))[:MAX_STRANGE], "file")

    def all(self, path: str) -> tuple[str, ...]:
        """The values given at a place."""
        return self.values.get(path, ())

    def text(self, path: str) -> str:
        """The one value given at a place, trimmed; "" where there is none."""
        return self.values.get(path, ("",))[0].strip()

    def is_unknown(self, path: str) -> bool:
        """Whether the field at a place was said not to be known."""
        return path in self.unknown

    def count(self, path: str) -> int:
        """How many records of a list were begun."""
        return self.counts.get(path, 0)

    def more(self, path: str) -> "Answers":
        """The same with one more record of a list."""
        return Answers(self.values, self.unknown, {**self.counts, path: max(1, self.count(path)) + 1}, self.strange)

    def carried(self, kind: Kind, step: int | None) -> Iterator[tuple[str, str]]:
        """What the page of a step sends along unseen: the answers to all others. Without a step, all answers."""
        for name, values in self.values.items():
            if step is None or kind.step_of(name) != step:
                yield from ((name, value) for value in values if value.strip())
        yield from (("unknown", name) for name in sorted(self.unknown) if step is None or kind.step_of(name) != step)

    def is_begun(self, kind: Kind, step: int) -> bool:
        """Whether something of a step was answered."""
        return any(kind.step_of(name) == step for name in self.unknown) or any(
            kind.step_of(name) == step and "".join(values).strip() for name, values in self.values.items())


def text_of(chosen: bytes) -> str:
    """The text of a file that was chosen. Raises BadInput where it is none."""
    if len(chosen) > MAX_FILE_BYTES:
        said = TOO_LARGE
    elif _NO_TEXT.search(chosen) and not chosen.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        said = ("The file is no plain text: it may be a document of a word processor, a picture or a PDF. Choose the "
                "one that you downloaded here; its name ends in .md.")
    else:
        try:
            return chosen.decode("utf-8")
        except UnicodeDecodeError:
            said = ("The file was saved in a way in which letters with accents cannot be read (it is not UTF-8). Open "
                    "it, copy all of its text, and paste it below.")
    raise BadInput([("chosen", said)])


TOO_LARGE = (f"This is larger than {MAX_FILE_BYTES // 1024} KB, which no file made here is. Did you choose another "
             "one? The name of the right one ends in .md.")
# Control characters, which no text holds in any of the encodings that editors write; a file of a program has hundreds.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]|^(?:%PDF-|\{\\rtf)")


def _numbered(kind: Kind, found: Mapping[str, tuple[str, ...]], unknown: Iterable[str], strange: tuple[str, ...],
              sent: str = "(all)") -> Answers:
    """Answers with the records of each list numbered from 0 as in the file, so without those that say nothing.

    Raises BadInput, which names what was `sent`, where these are far more than a file may hold."""
    unknown = set(unknown)
    said = unknown | {name for name, values in found.items() if "".join(values).strip()}
    numbers: dict[str, set[int]] = {}
    for name in said:
        if match := IN_RECORD.fullmatch(name):
            numbers.setdefault(match[1], set()).add(int(match[2]))
    for name, olds in numbers.items():
        most = kind.spot(name).most
        if len(olds) > MORE_THAN_MOST * most > 0:
            raise BadInput([(sent, too_many(kind, name, len(olds), most))])
    new = {name: {old: number for number, old in enumerate(sorted(olds))} for name, olds in numbers.items()}

    def renamed(name: str) -> str:
        """The new name; "" in a record that says nothing."""
        match = IN_RECORD.fullmatch(name)
        if not match:
            return name
        number = new.get(match[1], {}).get(int(match[2]))
        return "" if number is None else f"{match[1]}.{number}{match[3]}"

    return Answers({new_name: values for name, values in found.items() if (new_name := renamed(name))},
                   frozenset(map(renamed, unknown)), {name: len(olds) for name, olds in numbers.items()}, strange)


def _flat(steps: tuple[str, ...], value: Any) -> Iterator[tuple[str, str]]:
    """Every text in a header with its path. Headers are nested only a few deep; the reader sees to it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _flat((*steps, str(key)), inner)
    if isinstance(value, str):
        yield ".".join(steps), value


def _sections(kind: Kind, parts: FrontMatter) -> dict[str, tuple[str, ...]]:
    """The text of a file by its sections, and their headings where these are in another language. What stands before
    the first section belongs to it; all of the text where there are none.

    A heading that begins no section stays where it is, so that nothing is lost and the check can say so."""
    body, language = parts.body.strip("\n"), parts.values.get("language")
    if "body" in kind.names:
        return {"body": (body,)} if body else {}
    lines = body.split("\n")
    starts = [(line, words, section) for (line, words), section in zip(
        *sections_of(body, language if isinstance(language, str) else ""), strict=True) if section]
    texts = {f"heading.{section}": words for _, words, section in starts if words.lower() != section.label.lower()}
    begin, own = 0, Section.SITUATION
    for line, _, section in [*starts, (len(lines), "", Section.SITUATION)]:
        text = "\n".join(lines[begin:line]).strip()
        texts[f"body.{own}"] = "\n\n".join(filter(None, (texts.get(f"body.{own}", ""), text)))
        begin, own = line + 1, section
    return {name: (text,) for name, text in texts.items() if text}
