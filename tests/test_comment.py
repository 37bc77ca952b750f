"""What the one comment on a pull request may say: all that `review` writes, and nothing else."""

import contextlib
import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from test_review import tags

from innoshare.comment import MARKER, MAX_COMMENT, checked
from innoshare.errors import BadInput

OWN = ["https://library.example", "https://github.com/a/b"]


@pytest.mark.parametrize("text", [
    "Line 3, `title`: it is `@somebody`, <- here.\n",
    "[A case](https://library.example/cases/x) and https://github.com/a/b/blob/main/x\n",
    "\n<details><summary>Advice (2); nothing that must be done</summary>\n\n- a\n\n</details>\n",
    "1 \\< 2 and \\*not bold\\* and 5 < 6\n", "Pay @`till`now\n", "a \\` b\n", "`[x](https://evil.example/../y)`\n",
])
def test_a_text_as_review_writes_it_is_posted(text: str) -> None:
    assert checked(f"{MARKER}\n{text}", OWN)


@pytest.mark.parametrize("text", [
    "Hello @everyone\n", "Hello \\@everyone\n", "Hello &#64;everyone\n", "`` ` `` @a `\n", "\\` @a `\n",
    "`a|` @b|`\n", "- `\n- @a `\n", "<details>\n`@a`\n</details>\n",
    "\n<details><summary>`@a`</summary>\n\n</details>\n",
    "[x](https://evil.example)\n", "[x](https://library.example.evil.example)\n", "[x](//evil.example)\n",
    "[x](https://library.example@evil.example)\n", "[x](javascript:alert(1))\n", "https://evil.example\n",
    "https&#58;//evil.example\n", "https\\://evil.example\n", "ftp://evil.example\n", "www.evil.example\n",
    "[x][y]\n\n[y]: /z\n", "![x](https://library.example/x.png)\n", "<img src=x>\n", "<!-- hidden -->\n",
    "</details>x\n", "/merge\n", "> /close\n",
    "`a|b` [x](https://evil.example) `c`\n", "` a\nb ` <img src=x> @a ` c\n", "`a|b` @a `c`\n", "a ` b\n",
    "- [x]: //evil.example\n\n[x]\n", "1. [x]: /evil\n\n[x]\n", "[x\ny]: //evil.example\n\n[x y]\n",
    "[x](https://github.com/a/b/../../evil)\n", "[x](https://github.com/a/b/%2e%2E/.%2e/evil)\n",
    "[x](https://github.com/a/b/&#46;&period;/evil)\n", "[x](https://github.com/a/b/\\.\\./evil)\n",
    "[x](https://github.com/a/b/..#x)\n", "[x](https://github.com/a/b/()/../../evil)\n",
    "[x](https://github.com/a/b/\\..\\..\\evil)\n", "[x](https://github.com/a/b/`/../../evil`)\n",
    "https://github.com/a/b/../../evil\n", "https://github.com/a/b/)/../../../evil\n", "[x]( //evil.example)\n",
    "https://github.com/a/b/&#32;/../../evil\n", "https://github.com/a/b/`/../../evil`\n", "//www.evil.example\n",
    "[x](https://github.com/a/b#[x](/evil)\n", "https://github.com/a/b/**https://evil.example**\n",
    "Closes #1\n", "See cities/other#2\n", "See GH-3\n", "See !4\n", "See `x` 1a2b3c4d\n", "Closes \\#1\n", "&#35;1\n",
    "$\\Huge\\text{Approved}$\n", "$`x`$\n", "> [!IMPORTANT]\n> Approved\n", "- > quoted\n",
    "`\u202eabc`\n", "a\u200bb\n", "a\U000e0041\n", "a\u3164\n", "a\ufe0f\ufe0f\n", "a\U000e0100\n", "a\xadb\n",
    "&#8238;a\n", "&zwj;\n", "a\r\n",
    "<script>alert(1)</script>\n", "\u202eabc\n", "\x1b[31m\n", "```\n@a\n```\n", "x" * MAX_COMMENT,
])
def test_a_text_that_review_never_writes_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        checked(f"{MARKER}\n{text}", OWN)


@pytest.mark.parametrize("base_url", ["https://www.library.example", "https://library.example"])
def test_a_link_to_the_librarys_own_site_is_posted(base_url: str) -> None:
    assert checked(f"{MARKER}\n- [A case]({base_url}/cases/x) (Testby)\n", [base_url])


@settings(max_examples=1_000)
@given(st.lists(st.sampled_from([
    "`", "``", "`x`", "|", "@a", "\\", "!", "a", " ", "\n", "\n\n", "- ", "> ", "    ", "~", "*", "_", ":", "&#64;",
    "&#46;.", "[a]", "[c]: /evil", "[x](/evil)", "(//e)", "[x](https://github.com/a/b", "/..", "/%2e%2e", "/evil", ")",
    "(", "https://e.example", "<b>", "<img src=x>", "<!-- x -->", "\n<details><summary>x</summary>\n",
    "\n</details>\n\n"]), max_size=14).map("".join))
@example("`a|b` [x](/evil) @a <b> `c`")
@example("` a\nb ` [x](/evil) @a <b> ` c")
@example("[x](https://github.com/a/b/../evil)")
@example("[x](https://github.com/a/b[x](/evil)")
@example("- [c]: /evil\n\n[c]")
@example("@`a`b")
def test_what_is_posted_holds_nothing_foreign_whatever_it_was_made_of(text: str) -> None:
    try:
        posted = checked(f"{MARKER}\n{text}\n", OWN)
    except BadInput:
        return
    for tag in set(tags(posted)) - {MARKER, "<details>", "<summary>", "</summary>", "</details>"}:
        assert tag in ("code_block", "fence", "table_open", "s_open") or re.fullmatch(
            r"link_open https://github\.com/a/b(/(?!(\.|%2e){1,2}(/|$))[^/?#]*)*", tag, re.IGNORECASE), tag
    for block in MarkdownIt("commonmark").enable("table").parse(posted):
        said = "".join(part.content if part.type == "text" else " " for part in block.children or ())
        assert not re.search("(?a:@\\w)", said), said


def test_a_text_without_the_marker_is_refused() -> None:
    for text in ("", "Hello", f" {MARKER}\nThank you.\n", f"{MARKER}Hello\n"):
        with pytest.raises(BadInput, match="does not begin"):
            checked(text)


@pytest.mark.parametrize("part", ["a", "f0", "www.", "://", "https://", "](", "a](", "`", "[", "\\", "\n> ", "1)"])
def test_no_text_keeps_the_robot_busy(part: str) -> None:
    begun = time.process_time()
    with contextlib.suppress(BadInput):
        checked(f"{MARKER}\n{part * (MAX_COMMENT // len(part) - 20)}\n", OWN)
    assert time.process_time() - begun < 2, "seconds; before addresses had a bound it took up to a minute"
