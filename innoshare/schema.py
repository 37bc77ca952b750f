"""What the header of a file may hold, told to programs (JSON Schema) and to people (a few words for each field).

Both are made from the declarations in `case` and the vocabulary in use. The words are read from the schema, so that a
new file, the table in CONTRIBUTING.md and the schema say the same.

Decision: numbers are numbers and days are text, as YAML 1.2 reads a header. Our own reader takes more, such as a number
in quotes. Readers of YAML 1.1 make dates of days; they have to be told not to.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from innoshare.case import (
    EARLIEST_YEAR,
    LATEST_YEAR,
    Case,
    City,
    Day,
    OpenChallenge,
    PartialDate,
    Record,
    Tag,
    Url,
    Vocabulary,
    front_matter,
    mark,
)
from innoshare.choices import EVIDENCE_LEVELS, Choice, Status
from innoshare.content import FORMS, Spot
from innoshare.content.forms import SLUG, pattern_of

Json = dict[str, Any]

MOST_OF_A_SCALE = 360  # Percent, degrees: what has such a limit is a scale, and people are told its ends.


@dataclass(frozen=True)
class Kind:
    """What a file can be: the name of the kind, the folder such files lie in, and the fields of their headers."""

    name: str
    folder: str
    model: type[Record]

    @property
    def fields(self) -> list[str]:
        """The fields of its header, in their order."""
        return [name for name, _ in front_matter(self.model)]

    @property
    def in_draft(self) -> list[str]:
        """The fields that even a draft needs; every needed one where there are no drafts."""
        if Status not in Spot.of(self.model, ("status",)).kinds:
            return self.needed
        return [name for name, field in front_matter(self.model) if mark(field).in_draft]

    @property
    def needed(self) -> list[str]:
        """The fields that a published file needs."""
        return [name for name, field in front_matter(self.model) if field.is_required()]


KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (
    Kind("case", "cases", Case), Kind("challenge", "challenges", OpenChallenge), Kind("city", "cities", City))}


# --- for programs -------------------------------------------------------------------------------------------------


_YEAR = "(18[5-9][0-9]|19[0-9]{2}|20[0-9]{2}|2100)"
_MONTH_DAY = "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9]))"
_LETTER = r"[^\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f\s]"  # neither a sign of ASCII nor a space; other signs it lets pass
_NAME = r"[^\x00-\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f\s]"  # with `_`: what `\w` says in Python, and only there

# What our patterns become. In JavaScript `\w` means less and `\"` nothing, and functions check what a pattern of ours
# leaves open.
_PATTERNS: Mapping[str, Json] = {
    pattern_of(Day): {"pattern": f"^{_YEAR}-{_MONTH_DAY}$", "format": "date"},
    pattern_of(PartialDate): {"pattern": f"^{_YEAR}(-(0[1-9]|1[0-2])|-{_MONTH_DAY})?$"},
    pattern_of(Url): {"pattern": pattern_of(Url).replace(r"[\w.-]", rf"(?:{_NAME}|[.-])").replace(
        r"[\w-]", rf"(?:{_NAME}|-)").replace(r"\w", _NAME).replace(r'\"', '"')},
}
TAG_PATTERN = f"^{_LETTER}+(-{_LETTER}+)*$"
_TEXT = ("string", "number")  # `value: 17` is a number to every reader of YAML, and good text to people.
_CHOICES: Mapping[str, type[Choice]] = {choice.__name__: choice for choice in Choice.__subclasses__()}


def schema(kind: str, vocabulary: Vocabulary) -> Json:
    """JSON Schema 2020-12 of the header of a `kind` of file; fields with a vocabulary may hold what `vocabulary` lists.

    It takes whatever the check takes of single fields, except a number in quotes, a number in place of text that has a
    form (`sdg: [11.2]`), and yes or no in place of true or false. What concerns several fields, other files or the
    calendar only the check knows.
    """
    what = KINDS[kind]
    made = what.model.model_json_schema()
    records = {name: _simplified(record) for name, record in made.get("$defs", {}).items()}
    for name, record in records.items():
        if name in _CHOICES:
            record |= _labelled({str(choice): (choice.label, choice.help) for choice in _CHOICES[name]})
        else:
            record["minProperties"] = 1
    properties: Json = {}
    for name, field in front_matter(what.model):
        shape = properties[name] = _simplified(made["properties"][name], name)
        terms = vocabulary.get(mark(field).vocabulary or "")
        if terms:
            shape["items"] = {"type": "string", "enum": list(terms), **_labelled({
                slug: (term.label_in("en"), term.help.get("en", "")) for slug, term in terms.items()})}
        if Tag in get_args(field.annotation):
            shape["items"]["pattern"] = TAG_PATTERN
        for limit in field.metadata:  # Pydantic leaves out those that come behind a function.
            shape |= {key: value for key, sign in (("minimum", "ge"), ("maximum", "le"))
                      if (value := getattr(limit, sign, None)) is not None}
    whole: Json = {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:innoshare:schema:{kind}",
        "title": f"Header of a {kind} in an innoshare library", "description": made["description"],
        "$comment": "Days are text: a reader of YAML 1.1 must be told not to make dates of them.",
        "type": "object", "properties": properties, "additionalProperties": False, "required": what.in_draft}
    if what.in_draft != what.needed:
        whole |= {"if": {"properties": {"status": {"const": str(Status.DRAFT)}}, "required": ["status"]},
                  "then": {"required": what.in_draft}, "else": {"required": what.needed}}
    return whole | {"$defs": records}


def _simplified(node: Json, name: str = "") -> Json:
    """A piece of what Pydantic makes, without what nobody writes, and with what our reader and functions refuse."""
    node = {key: value for key, value in node.items()
            if key != "title" and not (key == "default" and value in (None, []))}
    if "properties" in node:
        node["properties"] = {key: _simplified(value, key) for key, value in node["properties"].items()}
    if "anyOf" in node:
        ways = [_simplified(way, name) for way in node.pop("anyOf") if way.get("type") != "null"]
        ways = [inner for way in ways for inner in way.get("anyOf", [way])]
        return {**node, **(ways[0] if len(ways) == 1 else {"anyOf": ways})}
    if node.get("type") == "array":
        items = _simplified(node["items"])
        is_record = "$ref" in items and _name(items) not in _CHOICES
        node |= {"items": items, "minItems": 1, **({} if is_record else {"uniqueItems": True})}
    if node.get("type") == "string" and not node.keys() & {"enum", "const"}:
        pattern = node.get("pattern", "")
        node |= _PATTERNS.get(pattern, {"pattern": pattern} if pattern else {"pattern": r"\S", "type": [*_TEXT]})
        if pattern in FORMS and pattern != SLUG.pattern:
            node["examples"] = [example.strip('"') for example in re.split("`, `|` or `", FORMS[pattern].example)]
        if pattern == pattern_of(PartialDate):  # without quotes, a year is a number
            years = {"type": "integer", "minimum": EARLIEST_YEAR, "maximum": LATEST_YEAR}
            inside = {key: node.pop(key) for key in list(node) if key != "description"}
            node["anyOf"] = [inside, years]
    if name == "evidence_level" and "maximum" in node:
        node |= _labelled({str(level): words for level, words in EVIDENCE_LEVELS.items()})
    return node


def _labelled(values: Mapping[str, tuple[str, str]]) -> Json:
    """What is said of the values of a closed list, by value; `values` has the label and the help of each."""
    helped = {value: help for value, (_, help) in values.items() if help}
    return {"x-innoshare-labels": {value: label for value, (label, _) in values.items()},
            **({"x-innoshare-help": helped} if helped else {})}


def _name(reference: Json) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


# --- for people ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """What may stand at a place of a header, read from its schema.

    `node` is the piece of schema for the first way in which it may be written; `unknown` says whether it may be said
    not to be known. A record has `parts`, of which `needed` must be given, a list has an `item`.
    """

    node: Json
    help: str
    unknown: bool
    parts: Mapping[str, "Shape"]
    needed: Collection[str]
    item: "Shape | None"

    @classmethod
    def of(cls, node: Json, records: Json) -> "Shape":
        ways = node.get("anyOf", [node])
        first = next(way for way in ways if "const" not in way)
        full: Json = {**records[_name(first)], **first} if "$ref" in first else first
        return cls(full, node.get("description", ""), any("const" in way for way in ways),
                   {name: cls.of(part, records) for name, part in full.get("properties", {}).items()},
                   full.get("required", ()), cls.of(full["items"], records) if "items" in full else None)

    @property
    def values(self) -> Mapping[str, str]:
        """The values of a closed list, each with its help, or with its label where it needs none."""
        if self.item:
            return self.item.values
        return {**self.node.get("x-innoshare-labels", {}), **self.node.get("x-innoshare-help", {})}

    @property
    def limits(self) -> str:
        """What may stand here, in a few words that go on behind the help; without the values of a closed list."""
        node = self.node
        if self.item:
            most = f"a list of at most {node['maxItems']}" if "maxItems" in node else "a list"
            each = "" if self.item.parts or self.values else replace(self.item, help=self.help).limits
            return "; ".join(filter(None, (most, f"each {each}" if each else "")))
        if node["type"] == "boolean":
            return "`true` or `false`"
        if node["type"] in ("number", "integer"):
            least, most = node.get("minimum"), node.get("maximum", float("inf"))
            return ("" if self.values else "a year" if least == EARLIEST_YEAR else
                    f"a number from {least:g} to {most:g}" if most <= MOST_OF_A_SCALE else
                    "" if "digits only" in self.help else "digits only")
        if "default" in node:
            return f"`{node['default']}` if left out"
        examples = [f"`{example}`" for example in node.get("examples", ()) if _like(example) not in _like(self.help)]
        if examples:
            return f"as {' or '.join(filter(None, (', '.join(examples[:-1]), examples[-1])))}"
        if node.get("pattern") == SLUG.pattern:
            return "" if "ile name" in self.help else "the name of its file, without .md"
        return f"at most {node['maxLength']} characters" if "maxLength" in node and "examples" not in node else ""


def _like(text: str) -> str:
    """A text with its digits made alike: where one year is shown as an example, another one tells nothing new."""
    return re.sub("[0-9]", "0", text)


def shapes(kind: str, vocabulary: Vocabulary) -> Mapping[str, Shape]:
    """What may stand in each field of a `kind` of file, in their order."""
    made = schema(kind, vocabulary)
    return {name: Shape.of(node, made["$defs"]) for name, node in made["properties"].items()}
