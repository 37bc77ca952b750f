"""Social cards: what they show of which text, that nothing leaves its place or takes long, and when they are drawn."""

import time
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from innoshare.choices import Outcome
from innoshare.config import Settings
from innoshare.library import Library
from innoshare.web import cards, create_app
from innoshare.web.cards import BOLD, FONTS, INSET, REGULAR, SHEET, SIZE, SUN, WIDTH, Face, drawable, drawn, face_of

CASE, CHALLENGE, CITY, LIBRARY = ("/cards/testby-night-buses.png", "/cards/challenges/sandhaven-late-shifts.png",
                                  "/cards/cities/testby.png", "/card.png")
EVERY = (CASE, CHALLENGE, CITY, LIBRARY)
BLUE = "#14387f"

HOSTILE = "</script>\u202e{{7*7}}\x00\x0b\x1b\ufffe\U000e0041 \u2028" + "W" * 60
LONGEST = ("Donaudampfschifffahrtsgesellschaftskapitänskajütentür " * 2)[:100]
# What nobody in Europe should see as a box: the letters of official languages that are not in ASCII.
LETTERS = ("äåæøöüßéèêëçñãõąćęłńóśźżčďěňřšťůžýőűăâîșțģķļņāēīūėįųðþőİışġħċ"
           "ΆΈΉΊΌΎΏάέήίόύώςѓќљњџђћґєіїйъыэёӧ„“”‘’«»–—…€£№")


def image(face: Face) -> Image.Image:
    return Image.open(BytesIO(drawn(face))).convert("RGB")


def has(picture: Image.Image, colour: str, box: tuple[int, int, int, int] = (0, 0, *SIZE)) -> bool:
    return any(found == tuple(bytes.fromhex(colour[1:])) for _, found in picture.crop(box).getcolors(1 << 20) or ())


def test_each_kind_of_page_has_a_card(client: FlaskClient) -> None:
    pictures = set()
    for path in EVERY:
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype) == (200, "image/png"), path
        assert Image.open(BytesIO(answer.data)).size == (1200, 630)
        assert len(answer.data) < 100_000
        pictures.add(answer.data)
    assert len(pictures) == len(EVERY)


def test_a_card_is_in_the_colour_of_the_library_and_marks_a_warning(library: Library) -> None:
    card = library.cards(["testby-night-buses"])["testby-night-buses"]
    fine = image(face_of(card, "Library", "#7a1f3d"))
    assert has(fine, "#7a1f3d")
    assert not has(fine, BLUE)
    assert has(fine, cards.OUTCOMES[Outcome.POSITIVE], (0, SHEET, *SIZE))
    red = cards.OUTCOMES[Outcome.NEGATIVE]
    assert not has(fine, red)
    assert has(image(Face("x", BLUE, "x", outcome=Outcome.MIXED, warning=True)), red, (0, SHEET, *SIZE))
    assert has(image(Face("x", BLUE, "x", "x", tag="Wanted: open")), SUN, (80, 120, WIDTH, 200))


@pytest.mark.parametrize("text", [
    "", "x", LONGEST, "W" * 100, "Å" * 100, HOSTILE, "g" * 99 + " j", "a " * 50, "مدينة", "雨水広場", "\u0301" * 100,
    ". . .", "İ" * 100, "—" * 100], ids=lambda text: f"{text[:6]!a} {len(text)}")
def test_words_stay_in_their_place_and_cost_no_time(text: str) -> None:
    face = Face(text[:60], BLUE, text, text, text, tag="Wanted: matched", outcome=Outcome.TOO_EARLY, stopped=True,
                level=5)
    began = time.perf_counter()
    picture = image(face)
    assert time.perf_counter() - began < 1
    for outside in ((0, 0, WIDTH, INSET + 12), (WIDTH - INSET - 12, 0, WIDTH, SHEET), (0, 0, INSET + 12, SHEET),
                    (0, SHEET - INSET - 4, WIDTH, SHEET)):
        assert not ImageChops.difference(picture.crop(outside), cards._ground(BLUE).crop(outside)).getbbox(), outside
    beside = picture.crop((WIDTH - 24, SHEET, *SIZE))
    assert beside.getcolors() == [(beside.width * beside.height, (255, 255, 255))]


@given(st.text(max_size=160))
def test_whatever_is_drawn_is_one_line_of_known_signs(text: str) -> None:
    kept = drawable(text)
    assert kept.isprintable()
    assert kept == " ".join(kept.split()) == drawable(kept)
    box = bytes(cards._font(BOLD, 24).getmask("\uffff"))
    assert box not in {bytes(cards._font(BOLD, 24).getmask(sign)) for sign in kept}


@pytest.mark.parametrize(("text", "kept"), [
    (LETTERS, LETTERS), ("Bikes \U0001f6b2 for all", "Bikes for all"),
    ("Tok\u00adyo\u200b \u202eabc\u202c", "Tokyo abc"), ("e\u0301a\x00b\nc", "éa b c"), ("100 % ✓", "100 %"),
    ("مدينة الرياح", ""), ("Regen 雨水", ""), ("हिन्दी", ""), ("ⲁⲃ", "")])
def test_letters_of_europe_are_drawn_and_no_box_in_place_of_others(text: str, kept: str) -> None:
    assert drawable(text) == kept


def test_a_title_in_another_script_gives_way_to_the_name_of_the_city() -> None:
    there = {"city": "Amman", "country": "Jordan", "outcome": Outcome.POSITIVE}
    assert drawn(Face("x", BLUE, "مدينة الرياح", **there)) == drawn(Face("x", BLUE, "", **there))
    assert drawn(Face("مكتبة", BLUE, "x")) == drawn(Face("", BLUE, "x"))


@pytest.mark.parametrize("path", EVERY)
def test_nothing_is_drawn_for_a_head_or_for_who_has_the_card(client: FlaskClient, path: str) -> None:
    drawn.cache_clear()
    head = client.head(path)
    assert (head.status_code, head.mimetype, head.data) == (200, "image/png", b"")
    again = client.get(path, headers={"If-None-Match": head.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert drawn.cache_info().currsize == 0
    first = client.get(path)
    assert first.headers["ETag"] == head.headers["ETag"]
    assert first.headers["Cache-Control"] == "public, max-age=60"
    assert client.get(path).data == first.data
    assert drawn.cache_info()[:2] == (1, 1), "the second time it comes from memory"


@pytest.mark.parametrize("path", ["/cards/nothing.png", "/cards/challenges/nothing.png", "/cards/cities/nothing.png",
                                  "/cards/testby-night-buses.svg", "/cards/..%2fx.png", "/cards/%00.png"])
def test_there_is_no_card_of_what_is_not_there(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.head(path).status_code == 404


def test_the_card_of_the_library_is_in_the_way_of_no_case(app: Flask) -> None:
    """Cases may be called library, challenges or cities."""
    for slug in ("library", "card", "challenges", "cities"):
        assert app.url_map.bind("localhost").match(f"/cards/{slug}.png") == ("cards.case", {"slug": slug})


def test_a_card_takes_no_parameters(client: FlaskClient) -> None:
    assert client.get(f"{LIBRARY}?size=100000").status_code == 400
    assert client.get(f"{LIBRARY}?utm_source=letter").status_code == 200


def test_programs_find_the_sign_of_the_library_where_they_look_for_it(library: Library) -> None:
    client = create_app(library, Settings(colour="#7a1f3d")).test_client()
    for path, kind in (("/favicon.ico", "ICO"), ("/apple-touch-icon.png", "PNG")):
        answer = client.get(path)
        picture = Image.open(BytesIO(answer.data))
        assert (answer.status_code, picture.format) == (200, kind)
        assert picture.size[0] == picture.size[1] >= 48
        assert has(picture.convert("RGB"), "#7a1f3d", (0, 0, 48, 48))


def test_the_fonts_are_small_and_their_licence_lies_beside_them() -> None:
    assert sum(path.stat().st_size for path in Path(FONTS).iterdir()) < 400_000
    text = (FONTS / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in text
    assert {REGULAR, BOLD, "OFL.txt"} == {path.name for path in FONTS.iterdir()}
