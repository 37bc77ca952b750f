"""Bytes to header and body: nothing is lost silently, nothing unfolds, and every place is the right one."""

import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from innoshare.content import frontmatter
from innoshare.content.frontmatter import EMPTY, FrontMatter, read, read_yaml

BROKEN = sorted((Path(__file__).parent / "broken" / "cases").glob("*.md"))
CASES = sorted((Path(__file__).parent / "cases" / "cases").glob("*.md"))


def page(header: str, body: str = "Text.\n") -> bytes:
    return f"---\n{header}---\n{body}".encode("utf-8", errors="surrogatepass")


def told(parts: FrontMatter) -> list[tuple[int, int, str]]:
    return [(problem.line, problem.column, problem.field) for problem in parts.problems]


def test_values_stay_text_and_know_their_places() -> None:
    parts = read(page("title: NO\nstart: 22:30\nend: 2024-02-30\ncost:\n  setup: 010\nlist: [1_0, yes]\n"), "x.md")
    assert not parts.problems
    assert parts.values == {"title": "NO", "start": "22:30", "end": "2024-02-30", "cost": {"setup": "010"},
                            "list": ["1_0", "yes"]}
    assert parts.keys["cost", "setup"] == (6, 3)
    assert parts.places["cost", "setup"] == (6, 10)
    assert parts.places["list", 1] == (7, 13)
    assert parts.place(("cost", "currency")) == (6, 3)
    assert (parts.body, parts.body_line) == ("Text.\n", 9)


@pytest.mark.parametrize("data", [
    b"\xef\xbb\xbf---\ntitle: A\n---\nText.\n",
    b"---\r\ntitle: A\r\n---\r\nText.\r\n",
    b"---\rtitle: A\r---\rText.\r",
    b"---   \ntitle: A\n...\t\nText.\n",
], ids=["byte order mark", "Windows line ends", "old Mac line ends", "dots"])
def test_what_editors_add_is_accepted(data: bytes) -> None:
    parts = read(data, "x.md")
    assert (parts.problems, parts.values, parts.body, parts.body_line) == ((), {"title": "A"}, "Text.\n", 4)


def test_a_rule_in_the_body_is_not_the_end_of_the_header() -> None:
    assert read(page("a: b\n", "One\n\n---\n\nTwo\n"), "x.md").body == "One\n\n---\n\nTwo\n"


@pytest.mark.parametrize(("header", "places"), [
    ("a: b\n'a': c\nd:\n  e: 1\n  \"e\": 2\n", [(3, 1, "a"), (6, 3, "d.e")]),
    ("a: &x b\nc: *x\nd: !!int 3\ne: &y [1]\n<<: z\n",
     [(2, 4, "a"), (3, 4, "c"), (4, 4, "d"), (5, 4, "e"), (6, 1, "")]),
    ("? [a, b]\n: c\n{x: [y]}: z\nd: e\n", [(2, 3, ""), (4, 1, "")]),
    ("a: " + "[" * 20 + "\n", [(2, 11, "")]),
    ("a: [" + "1, " * 2_500 + "]\n", [(2, 5 + 3 * 1997, "")]),
    ('a: "x\\u202ey"\n', [(2, 4, "a")]),
    ('a: "\\ud800"\n', [(2, 4, "a")]),
    ('a: "\\UFFFFFFFF"\nb: c\n', [(2, 5, "")]),
    ("a: x\u202ey\n\u2066b: c\n", [(2, 5, ""), (3, 1, "")]),
    ("a: b\n--- x\nc: d\n", [(3, 1, "")]),
    ("a: b # a remark\nc: Line #4 of the plan\n", [(3, 4, "c")]),
    ("a:\n  - url:\u00a0https://x.org\n", [(3, 5, "a.0")]),
], ids=["twice", "peculiar", "keys", "deep", "many", "escape", "surrogate", "beyond", "hidden", "second",
        "remark", "no-break space"])
def test_what_yaml_allows_and_content_does_not(header: str, places: list[tuple[int, int, str]]) -> None:
    assert told(read(page(header), "x.md")) == places


@pytest.mark.parametrize("text", [
    "❤️‍🔥 👨‍👩‍👧 1️⃣ 🇫🇮", "می‌خواهم", "क्‍ष", "ភ្នំ\u200bពេញ", "葛\U000e0100城市", "ᠮᠣᠩᠭᠣᠯ\u180eᠠ",
    "Stadt\u00adteil", "\u200fעיר", "e\u0301"])
def test_what_a_script_needs_is_not_hidden(text: str) -> None:
    assert read(page("a: b\n", text), "x.md").problems == ()


@pytest.mark.parametrize("sign", [
    "\u00ad", "\u115f", "\u1160", "\u180e", "\u200b", "\u2060", "\u2063", "\u2800", "\u3164", "\uffa0", "\ufff9",
    "\ufffb", "\ue000", "\U000f0000", "\U0010fffd", "\U000e0001", "\U000e0020", "\U000e007e", "\U000e0100",
    "\u200d\u200c", "\ufe0f\ufe00"], ids=ascii)
def test_what_nobody_sees_is_told_wherever_it_stands(sign: str) -> None:
    hidden = f"U+{ord(sign[-1]):04X}"
    for text in (f"a: 1 {sign}b\n", f'a: "1 {sign.encode("unicode-escape").decode()}b"\n'):
        [problem] = read(page(text), "x.md").problems
        assert hidden in problem.message
        assert problem.level == "error"
    [problem] = read(page("a: b\n", f"Text. {sign}More.\n"), "x.md").problems
    assert (problem.line, problem.column) == (4, 7 + len(sign) - 1)
    assert hidden in problem.message


def test_a_sentence_in_tags_is_told() -> None:
    unseen = "".join(chr(0xE0000 + ord(letter)) for letter in "pay me")
    problems = read(page("a: b\n", f"Text.{unseen}\n"), "x.md").problems
    assert len(problems) == len(unseen)


def test_an_empty_value_is_empty_and_what_to_write_depends_on_the_field() -> None:
    parts = read(page("a:\nb: ~\nc: ''\nd: []\ne: {}\nf:\n  -\n  - x\n"), "x.md")
    assert parts.problems == ()
    assert parts.values == {**dict.fromkeys("abcde", EMPTY), "f": [EMPTY, "x"]}


def test_the_lines_of_a_doubled_key_are_both_named() -> None:
    [problem] = read(page("title: A\nsummary: B\ntitle: C\n"), "x.md").problems
    assert "line 2" in problem.message
    assert "line 4" in problem.message


def test_a_syntax_mistake_does_not_hide_the_others() -> None:
    header = ('title: Heat: the city\nsummary: @all\ntags:\n\t- a\nstage:pilot\nd: "x" y\ne: “x: y”\nf: f\nf: g\nh:\n'
              "i: [a, b\nj: 'open\nk: 1\n")
    parts = read(page(header), "x.md")
    assert [place[0] for place in sorted(told(parts))] == [2, 3, 5, 6, 7, 8, 10, 12, 13]
    assert parts.complete
    assert parts.values["h"] is EMPTY
    assert parts.values["k"] == "1"


@pytest.mark.parametrize(("line", "column", "remedy"), [
    ("cost:\n\tsetup: 5", 1, "two spaces"), ("stage:\tpilot", 7, "type a space"), ("- a:\tb", 5, "type a space"),
    ("stage: pilot\t", 13, "Delete it."), ("stage:\t", 7, "Delete it.")])
def test_a_tab_is_told_where_it_stands(line: str, column: int, remedy: str) -> None:
    told = read(page(f"title: A\n{line}\n"), "x.md").problems
    assert [(problem.column, problem.level) for problem in told if "tab" in problem.message] == [(column, "error")]
    assert remedy in told[0].remedy


@pytest.mark.parametrize(("line", "remedy"), [
    ("title: Heat: the city", 'Write `title: "Heat: the city"`.'),
    ("title: “Heat: the city”", 'Write `title: "Heat: the city"`.'),
    ('title: "Heat" in the city', """Write `title: '"Heat" in the city'`."""),
    ("title: 50% of: all", 'Write `title: "50% of: all"`.'),
    ("title: %x", 'Write `title: "%x"`.'),
])
def test_the_remedy_is_a_line_that_can_be_copied(line: str, remedy: str) -> None:
    [problem] = read(page(line + "\nb: c\n"), "x.md").problems
    assert remedy in problem.remedy
    mended = problem.remedy[problem.remedy.index("`") + 1 : problem.remedy.rindex("`")]
    assert not read(page(mended + "\nb: c\n"), "x.md").problems


def test_a_partly_read_header_is_not_complete() -> None:
    parts = read(page("a: b\nc: d\nz: {x: y\n"), "x.md")
    assert not parts.complete
    assert parts.values == {"a": "b", "c": "d"}
    assert parts.body == "Text.\n"


def test_sizes_are_bounded() -> None:
    assert "256 KB" in read(b"---\n" + b"a" * 300_000, "x.md").problems[0].message
    parts = read(page("a: " + "b" * 70_000 + "\n"), "x.md")
    assert "64 KB" in parts.problems[0].message
    assert parts.body == "Text.\n"


@pytest.mark.parametrize("header", [
    "a: &a [x,x,x]\n" + "".join(f"{k}: &{k} [{', '.join(['*' + chr(ord(k) - 1)] * 9)}]\n" for k in "bcdefghi"),
    "a: &a {x: y}\n" + "".join(f"k{n}: &k{n}\n  <<: [*{'k' + str(n - 1) if n else 'a'}, *a]\n" for n in range(22)),
    "a: " + "[" * 5_000, "".join(" " * n + "a:\n" for n in range(300)), "&a [*a]", "a: " + "9" * 5_000 + "\nb: !!int 1",
    "x: !!python/object/apply:os.system [ls]", "'" * 60_000, '"' + "\\" * 60_001, "a: b: " * 10_000, "- " * 30_000,
    "? " * 30_000, "%YAML 1." + "9" * 5_000, "a: |\n" + " " * 60_000, "\t" * 60_000, "a" * 60_000, "[a, " * 15_000,
    "a:\n" + " " * 60_000 + "@x", "a:\n" + "\u2003" * 20_000 + "@x", "a:\n" + "- " * 30_000 + "@x",
], ids=range(20))
@pytest.mark.parametrize("fast", [True, False])
def test_yaml_bombs_are_refused_at_once(header: str, fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not fast:
        monkeypatch.setattr(frontmatter, "_FAST", yaml.SafeLoader)
    began = time.perf_counter()
    parts = read(page(header + "\n"), "x.md")
    assert time.perf_counter() - began < 2  # a tenth of it on a free machine
    assert parts.problems or header.startswith("a: |")
    assert all(problem.line > 1 for problem in parts.problems)


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML was built without its C parser")
@pytest.mark.parametrize("path", BROKEN + CASES, ids=lambda path: path.stem)
def test_both_parsers_say_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = read(path.read_bytes(), "x.md")
    monkeypatch.setattr(frontmatter, "_FAST", yaml.SafeLoader)
    assert read(path.read_bytes(), "x.md") == fast


def test_a_vocabulary_has_no_fences() -> None:
    parts = read_yaml(b"mobility:\n  label: {en: Mobility, no: Mobilitet}\n", "x.yaml")
    assert not parts.problems
    assert parts.values == {"mobility": {"label": {"en": "Mobility", "no": "Mobilitet"}}}
    assert parts.places["mobility", "label", "no"] == (2, 29)


YAML_SIGNS = st.text(st.sampled_from(list("ab:-#&*!|>'\"%@`[]{},? \n\t\u00a0\\~=<\u202e\x00é")), max_size=60)


@given(st.one_of(st.binary(max_size=200), YAML_SIGNS.map(lambda text: page(text)),
                 st.text(max_size=80).map(lambda text: page(text))))
@settings(max_examples=400, deadline=None)
def test_any_bytes_give_a_header_or_problems(data: bytes) -> None:
    for parts in (read(data, "x.md"), read_yaml(data, "x.yaml")):
        lines = data.count(b"\n") + data.count(b"\r") + 1
        assert parts.problems or parts.values
        assert all(1 <= problem.line <= lines and problem.column >= 1 for problem in parts.problems)
        assert all(problem.message and problem.remedy and problem.message.isprintable() for problem in parts.problems)


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML was built without its C parser")
@given(YAML_SIGNS)
@settings(max_examples=300, deadline=None)
def test_both_parsers_agree_on_anything(text: str) -> None:
    fast, frontmatter._FAST = read(page(text), "x.md"), yaml.SafeLoader
    try:
        slow = read(page(text), "x.md")
    finally:
        frontmatter._FAST = yaml.CSafeLoader
    assert (slow.problems, slow.values) == (fast.problems, fast.values)


def test_a_vocabulary_may_be_longer_than_a_header_and_is_read_as_fast() -> None:
    began = time.perf_counter()
    assert read_yaml(b"a:\n" + b" " * 240_000 + b"@x\n", "x.yaml").problems
    assert time.perf_counter() - began < 2
