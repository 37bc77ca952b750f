"""Social cards: the picture that a link to the library shows in a chat, a mail or a feed.

A card looks like the library: an enamel plate in its colour with the city's name and the title, and below it on a white
sheet what came of it and how well that is known, in the words and signs of the pages; who should think twice is told
so. Every card is drawn when somebody asks for it and kept in memory by what it shows.

Decisions. Drawn with Pillow and not from SVG: no converter of SVG is as small, and fonts would be those of the machine.
The font comes along and knows the Latin, Greek and Cyrillic letters of Europe. A text in another script is left out
whole, the name of the city stands in its place then: boxes in place of letters say nothing to anybody. The simple
layout of Pillow is enough for these scripts and takes a time that is in proportion to the text, whoever wrote that.
"""

import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from math import pi, sin
from pathlib import Path
from threading import Lock

from flask import Blueprint, Response, g, request
from PIL import Image, ImageDraw, ImageFont

from innoshare.case import Card
from innoshare.choices import EVIDENCE_LEVELS, Outcome, Stage
from innoshare.errors import NotFound
from innoshare.library import Library
from innoshare.web import shapes, wording
from innoshare.web.parameters import NONE, Parameters, given

blueprint = Blueprint("cards", __name__)

# What Open Graph and its readers agree on for a large picture: 1.91 to 1, and not scaled up on a dense screen.
WIDTH, HEIGHT = SIZE = 1200, 630
CARDS_IN_MEMORY = 128  # Of 30 to 75 KB, each 25 ms of work: those of a library of a hundred cases, in some 8 MB.
ICON_SIZES = {"favicon.ico": (48, "ICO", "image/vnd.microsoft.icon"), "apple-touch-icon.png": (180, "PNG", "image/png")}

FONTS = Path(__file__).resolve().parent.parent / "static" / "fonts"
REGULAR, BOLD = "NotoSans-Regular.ttf", "NotoSans-Bold.ttf"

# The light colours of site.css, on white; a picture does not know whether its reader likes it dark.
INK, EDGE, SUN = "#15212d", "#6d7d8c", "#ffd45c"
OUTCOMES = {Outcome.POSITIVE: "#17683a", Outcome.MIXED: "#855300", Outcome.NONE: "#536170",
            Outcome.NEGATIVE: "#a62a1f", Outcome.TOO_EARLY: "#5c3d98"}

MARGIN, INSET, SHEET = 64, 20, 496  # Of the words; of the line on the plate; where the white sheet begins.
ROOM = WIDTH - 2 * MARGIN  # For a line of words.
TITLE_TOP, ALONE_TOP, TITLE_BOTTOM = 206, 128, 456  # Of the title: below a city, without one; and where it must end.
TITLE_SIZES = (88, 78, 68, 62, 56, 50, 45, 40)  # The last can still be read in the preview of a phone.
TAG = 30  # Size of the letters on the tag.
LINE, BASE = 1.17, 0.9  # Height of a line of the title, and how deep in it the letters stand, in their size.
FINER = 4  # Shapes are painted so many times larger and then reduced: Pillow's own have jagged edges.

Box = tuple[int, int, int, int]  # left, top, right, bottom

_DRAWING = Lock()  # One card at a time: a crowd that asks for many must not take every thread's time from the others.


@dataclass(frozen=True)
class Face:
    """What a card shows. Without a title, or where that cannot be drawn, the `city` takes its place. `tag` stands
    beside the city, on yellow; `words` stand on the sheet where there is no `outcome`, which comes with the `level` of
    its evidence. `warning` says that one should think twice."""

    library: str
    colour: str
    title: str = ""
    city: str = ""
    country: str = ""
    tag: str = ""
    words: str = ""
    outcome: Outcome | None = None
    stopped: bool = False
    level: int = 0
    warning: bool = False


@blueprint.get("/card.png")
def library() -> Response:
    facts = g.library.facts
    words = " · ".join((wording.plural(facts.cases, "case"), wording.plural(facts.cities, "city", "cities"),
                        wording.plural(facts.countries, "country", "countries")))
    return _sent(lambda: Face(g.settings.name, g.settings.colour, "Has another city solved this already?",
                              words=words))


@blueprint.get("/cards/<slug>.png")
def case(slug: str) -> Response:
    found = g.library.cards([slug])
    if slug not in found:
        raise NotFound("There is no case of this name in the library.")
    return _sent(lambda: face_of(found[slug], g.settings.name, g.settings.colour))


@blueprint.get("/cards/challenges/<slug>.png")
def challenge(slug: str) -> Response:
    library: Library = g.library
    item = next((item for item in library.challenges if item.slug == slug), None)
    if item is None:
        raise NotFound("There is no open challenge of this name in the library.")
    body = shapes.wanted_body(item, library)
    words = (f"The city itself names {wording.plural(body.confirmed, 'case')}" if body.confirmed
             else wording.answers_found(body))
    return _sent(lambda: Face(g.settings.name, g.settings.colour, body.title, body.city, body.country_name,
                              tag=f"Wanted: {body.status.label.lower()}", words=words))


@blueprint.get("/cards/cities/<slug>.png")
def city(slug: str) -> Response:
    entry = g.library.city(slug)
    told = [wording.plural(len(entry.cards), "case") if entry.cards else "No case yet",
            wording.plural(entry.city.population, "resident")]
    if entry.adopted:
        told.insert(1, f"{len(entry.adopted)} taken up from others")
    return _sent(lambda: Face(g.settings.name, g.settings.colour, "", entry.city.name, entry.country_name,
                              words=" · ".join(told)))


def face_of(card: Card, library: str, colour: str) -> Face:
    """The face of a case."""
    return Face(library, colour, card.title, card.city_name, card.country_name, outcome=card.outcome,
                stopped=card.stage is Stage.DISCONTINUED, level=card.evidence_level, warning=card.is_warning)


@blueprint.get("/favicon.ico", defaults={"name": "favicon.ico"})
@blueprint.get("/apple-touch-icon.png", defaults={"name": "apple-touch-icon.png"})
def icon(name: str) -> Response:
    """The sign of the library in its colour, where programs look for one that read no page."""
    size, kind, mimetype = ICON_SIZES[name]
    return Response(_icon(g.settings.colour, size, kind), mimetype=mimetype)


def _sent(face: Callable[[], Face]) -> Response:
    """The card, unless only its head is asked for, or the asker has it: then nothing is drawn."""
    Parameters(given(request.args.items(multi=True)), NONE).finish()
    if request.method == "HEAD" or request.if_none_match.contains_weak(g.etag):
        return Response(iter(()), mimetype="image/png")
    return Response(drawn(face()), mimetype="image/png")


# --- texts ------------------------------------------------------------------------------------------------------------


def drawable(text: str) -> str:
    """A text as it can be drawn: one line, without hidden signs and without such that the font does not know; "" where
    it has letters among these, for a word that lacks some is another word."""
    kept = []
    for sign in unicodedata.normalize("NFC", " ".join(text.split())):
        kind = unicodedata.category(sign)
        if _is_known(sign):
            kept.append(sign)
        elif kind in ("Ll", "Lu", "Lt", "Lo", "Mc"):
            return ""
        elif kind in ("Zs", "Zl", "Zp", "Cc"):
            kept.append(" ")
    return " ".join("".join(kept).split())


@lru_cache(maxsize=4096)
def _is_known(sign: str) -> bool:
    """Whether the font has a shape of its own for a sign, and one that is to be seen."""
    return sign == " " or (unicodedata.category(sign)[0] not in "CZ"
                           and bytes(_font(BOLD, 24).getmask(sign)) != bytes(_font(BOLD, 24).getmask("\uffff")))


@lru_cache(maxsize=64)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / name, size, layout_engine=ImageFont.Layout.BASIC)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    """The text in lines that are at most so wide; a word that is wider is broken."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
            continue
        while font.getlength(word) > width:
            most = max(1, bisect_right(range(len(word)), width, key=lambda at: font.getlength(word[:at])) - 1)
            lines.append(word[:most])
            word = word[most:]
        lines.append(word)
    return [line for line in lines if line]


def _title(text: str) -> tuple[list[str], int]:
    """A title in lines, and the size of its letters: the largest in which no word is broken and all has room. At the
    smallest a word may be broken, and what has no room is cut."""
    for size in TITLE_SIZES:
        font, most = _font(BOLD, size), int((TITLE_BOTTOM - TITLE_TOP) / (size * LINE))
        lines = _wrapped(text, font, ROOM)
        if len(lines) <= most and max(map(font.getlength, text.split())) <= ROOM:
            break
    if len(lines) > most:
        return [*lines[:most - 1], _cut(" ".join(lines[most - 1:]), font, ROOM)], size
    # As few lines, but about equally long ones: no last line of one word.
    for narrower in range(ROOM, ROOM // 2, -ROOM // 24):
        closer = _wrapped(text, font, narrower)
        if len(closer) > len(lines):
            break
        lines = closer
    return lines, size


def _cut(text: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    """The text, or as much of it as has room, with a sign that there is more."""
    if font.getlength(text) <= width:
        return text
    return next(short for at in range(len(text) - 1, -1, -1)
                if font.getlength(short := f"{text[:at].rstrip(' …')}…") <= width)


# --- drawing ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=CARDS_IN_MEMORY)
def drawn(face: Face) -> bytes:
    """A card as PNG: the same face, the same bytes."""
    with _DRAWING:
        card = _ground(face.colour).copy()
        pen = ImageDraw.Draw(card)
        pen.text((MARGIN + 62, 80), _cut(drawable(face.library), _font(BOLD, 32), 1000), "#fff", _font(BOLD, 32), "lm")
        title, city, country = map(drawable, (face.title, face.city, face.country))
        after, tag = MARGIN, _font(BOLD, TAG).getlength(face.tag) + 2 * 20 + 20 if face.tag else 0
        if title:
            if city:
                after = _plate(card, pen, city, country, ROOM - tag) + 20
            lines, size = _title(title)
            top = TITLE_TOP if city else ALONE_TOP
            first = top + (TITLE_BOTTOM - top - len(lines) * size * LINE) / 2 + BASE * size
            for number, line in enumerate(lines):
                base = first + number * size * LINE
                pen.text((MARGIN, base), line, "#fff", _font(BOLD, size), "ls")
        else:
            _large(pen, city, country)
        if face.tag:
            _tag(card, pen, face.tag, after)
        _told(card, pen, face)
        return _png(card)


def _png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@lru_cache(maxsize=4)
def _ground(colour: str) -> Image.Image:
    """What all cards of a colour have: the plate with its line and the sign of the library, and the sheet."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "#fff")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, WIDTH, SHEET - 1), colour)
    _stamp(image, (INSET, INSET, WIDTH - INSET, SHEET - INSET), "#fff", _rounded(16, line=3))
    image.paste(_sign(colour, 48), (MARGIN, 56))
    return image


def _sign(colour: str, size: int) -> Image.Image:
    """The sign of the library, drawn as logo.svg draws it, in units of that: 64 to a side."""
    unit = 2 * FINER
    image = Image.new("RGB", (64 * unit,) * 2, colour)
    pen = ImageDraw.Draw(image)

    def box(*sides: float) -> tuple[float, ...]:
        return tuple(side * unit for side in sides)

    pen.rounded_rectangle(box(4.5, 4.5, 59.5, 59.5), 8.5 * unit, outline="#fff", width=int(2.5 * unit))
    pen.ellipse(box(25.5, 12.5, 38.5, 25.5), SUN)
    pen.arc(box(14.5, 22.5, 49.5, 57.5), 180, 360, "#fff", 7 * unit)
    for at in (18, 32, 46):
        pen.line(box(at, 40 if at != 32 else 41, at, 52), "#fff", 7 * unit)
        for end in (52, *(() if at != 32 else (41,))):
            pen.ellipse(box(at - 3.5, end - 3.5, at + 3.5, end + 3.5), "#fff")
    return image.resize((size, size), Image.Resampling.LANCZOS)


@lru_cache(maxsize=8)
def _icon(colour: str, size: int, kind: str) -> bytes:
    buffer = BytesIO()
    _sign(colour, size).save(buffer, kind)
    return buffer.getvalue()


def _stamp(image: Image.Image, box: Box, colour: str, paint: Callable[[ImageDraw.ImageDraw, Box], None]) -> None:
    """Put a shape onto the image in one colour and with smooth edges. `paint` draws it in white on black, FINER times
    larger, and is given the box to fill."""
    left, top, right, bottom = box
    size = (right - left, bottom - top)
    mask = Image.new("L", (size[0] * FINER, size[1] * FINER))
    paint(ImageDraw.Draw(mask), (0, 0, mask.width - 1, mask.height - 1))
    image.paste(colour, box, mask.resize(size, Image.Resampling.BOX))


def _rounded(radius: int, line: int = 0) -> Callable[[ImageDraw.ImageDraw, Box], None]:
    """Paints a box with round corners, filled, or as a line of this width."""
    def paint(pen: ImageDraw.ImageDraw, box: Box) -> None:
        pen.rounded_rectangle(box, radius * FINER, fill=0 if line else 255, outline=255, width=max(1, line * FINER))
    return paint


def _plate(card: Image.Image, pen: ImageDraw.ImageDraw, city: str, country: str, room: float) -> int:
    """The name of the city as on its streets, at most so wide; gives where it ends."""
    bold, plain = _font(BOLD, 34), _font(REGULAR, 34)
    room -= 2 * 22 + 14
    city = _cut(city, bold, room - min(plain.getlength(country), room / 3))
    country = _cut(country, plain, room - bold.getlength(city))
    start = MARGIN + 22 + bold.getlength(city) + 14
    end = int((start + plain.getlength(country) if country else start - 14) + 22)
    _stamp(card, (MARGIN, 130, end, 192), "#fff", _rounded(9, line=2))
    pen.text((MARGIN + 22, 161), city, "#fff", bold, "lm")
    pen.text((start, 161), country, "#fff", plain, "lm")
    return end


def _large(pen: ImageDraw.ImageDraw, city: str, country: str) -> None:
    """The name of the city in place of a title."""
    font = next((font for size in (116, 96, 80, 64) if (font := _font(BOLD, size)).getlength(city)
                 <= ROOM), _font(BOLD, 64))
    pen.text((MARGIN, 268), _cut(city, font, ROOM), "#fff", font, "lm")
    pen.text((MARGIN, 388), _cut(country, _font(REGULAR, 52), ROOM), "#fff", _font(REGULAR, 52), "lm")


def _tag(card: Image.Image, pen: ImageDraw.ImageDraw, words: str, start: int) -> None:
    font = _font(BOLD, TAG)
    _stamp(card, (start, 132, int(start + font.getlength(words)) + 40, 190), SUN, _rounded(9))
    pen.text((start + 20, 161), words, INK, font, "lm")


def _told(card: Image.Image, pen: ImageDraw.ImageDraw, face: Face) -> None:
    """The white sheet: what came of it and how well that is known, or other words."""
    bold, plain = _font(BOLD, 34), _font(REGULAR, 34)
    middle = (SHEET + HEIGHT) // 2 - (27 if face.warning else 0)
    pen.rectangle((0, SHEET, 15, HEIGHT), OUTCOMES[face.outcome] if face.outcome else SUN if face.tag else face.colour)
    if not face.outcome:
        pen.text((MARGIN, middle), _cut(face.words, bold, ROOM), INK, bold, "lm")
        return
    colour = OUTCOMES[face.outcome]
    _stamp(card, (MARGIN, middle - 18, MARGIN + 36, middle + 18), colour, SIGNS[face.outcome])
    pen.text((MARGIN + 52, middle), face.outcome.label, colour, bold, "lm")
    at = MARGIN + 52 + int(bold.getlength(face.outcome.label)) + 40
    if face.stopped:
        pen.text((at, middle), "Stopped", INK, plain, "lm")
        at += int(plain.getlength("Stopped")) + 40
    label = EVIDENCE_LEVELS[face.level][0]
    if face.level:
        for step in range(1, max(EVIDENCE_LEVELS) + 1):
            here = (at, middle - 17, at + 11, middle + 17)
            pen.rectangle(here, face.colour if step <= face.level else "#fff",
                          face.colour if step <= face.level else EDGE, 2)
            at += 16
        label, at = f"Evidence {face.level} of {max(EVIDENCE_LEVELS)}: {label}", at + 12
    pen.text((at, middle), label, INK, plain, "lm")
    if face.warning:
        pen.text((MARGIN, middle + 56), "Think twice before you repeat this.", OUTCOMES[Outcome.NEGATIVE], bold, "lm")


def _strokes(*lines: Sequence[tuple[float, float]]) -> Callable[[ImageDraw.ImageDraw, Box], None]:
    """Paints lines through points of a square with sides of 1, with round ends."""
    def paint(pen: ImageDraw.ImageDraw, box: Box) -> None:
        side, width = box[2], 0.15 * box[2]
        for line in lines:
            points = [(x * side, y * side) for x, y in line]
            pen.line(points, 255, int(width), "curve")
            for x, y in points:
                pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), 255)
    return paint


def _wave(y: float) -> list[tuple[float, float]]:
    return [(0.1 + step / 25, y - 0.1 * sin(step / 20 * 2 * pi)) for step in range(21)]


def _ring(pen: ImageDraw.ImageDraw, box: Box) -> None:
    side = box[2]
    pen.ellipse((0.1 * side, 0.1 * side, 0.9 * side, 0.9 * side), outline=255, width=int(0.14 * side))


# The signs that the style sheet puts before an outcome: ✓ ≈ ○ ✕ …
SIGNS: dict[Outcome, Callable[[ImageDraw.ImageDraw, Box], None]] = {
    Outcome.POSITIVE: _strokes([(0.12, 0.55), (0.38, 0.82), (0.88, 0.18)]),
    Outcome.MIXED: _strokes(_wave(0.34), _wave(0.68)),
    Outcome.NONE: _ring,
    Outcome.NEGATIVE: _strokes([(0.15, 0.15), (0.85, 0.85)], [(0.85, 0.15), (0.15, 0.85)]),
    Outcome.TOO_EARLY: _strokes([(0.12, 0.8), (0.12, 0.8)], [(0.5, 0.8), (0.5, 0.8)], [(0.88, 0.8), (0.88, 0.8)]),
}
