"""Markdown becomes safe HTML, plain text and headings: once, when an edition is built; for a request only where
somebody looks at what she is writing.

Contributed text is untrusted twice over. What it *says* must not run in a reader's browser: raw HTML is shown as
text, and whatever Markdown made is cleaned by an allow-list. What it *costs* must not stop a build: some texts of a
few kilobytes keep Python-Markdown busy for minutes, so `mistakes` counts what makes it slow before anything is
rendered, and `render_all` renders in a child process that is killed when it takes too long. That scan, and what else
can be told of a text without rendering it, is in `proofreading`, below this room.

Decision: no attribute lists, no HTML, no images. The first lets a text name elements of our page, the second hides
what a reviewer should see, the third would tell a stranger who reads the case. An image shows as its description.

Decision: links carry `nofollow` because anybody may propose a text and search engines' trust is what link spam is
after, and `noopener`; there is no `target`. Every `id` and every link to one gets the same prefix, so that a text can
neither take the place of an element of the page nor lose its own footnotes.

Decision: the child is a plain Python process that speaks JSON lines. `multiprocessing` would run the main script of
whoever imports us a second time.
"""

import contextlib
import json
import queue
import re
import signal
import string
import subprocess
import sys
import threading
import xml.etree.ElementTree as etree
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass
from html import unescape
from html.parser import HTMLParser
from typing import Any

import markdown
import nh3
from markdown.extensions.toc import slugify_unicode
from markdown.treeprocessors import Treeprocessor

from innoshare.choices import Section
from innoshare.render.proofreading import (
    ID_PREFIX,
    Remark,
    habits,
    headings,
    is_too_long,
    link,
    mistakes,
    sections_named,
)

__all__ = ["ID_PREFIX", "MAX_SENTENCE", "Block", "Remark", "Rendered", "habits", "headings", "is_too_long", "link",
           "mistakes", "render", "render_all", "sections_named", "sentences"]

SECONDS_PER_BODY = 5.0  # 3 times the slowest body found within the limits, 1,000 times a real one.
SECONDS_TO_START = 60.0  # A Python process with its imports takes half a second; a crowded machine is given time.
SECONDS_AS_ORPHAN = 60  # When its parent was killed, a child that is stuck ends itself.
CHILD_MEMORY = 2 * 1024**3  # bytes of address space; a child that renders real cases uses 0.2e9

LINK_REL = "nofollow noopener"
MAX_SENTENCE = 600  # characters; a passage is shown in one glance, and a text without full stops is not one sentence


@dataclass(frozen=True)
class Block:
    """One `##` section. `html` and `text` do not hold the heading; `heading` is plain text, not yet escaped.

    What stands before the first heading is a block with section None, and an empty heading and id.
    """

    section: Section | None
    heading: str
    id: str
    html: str
    text: str


@dataclass(frozen=True)
class Rendered:
    """A body as safe HTML and as plain text, one block for each `##` section."""

    blocks: tuple[Block, ...]

    @property
    def html(self) -> str:
        """The whole body, headings included."""
        return "\n".join(
            (f'<h2 id="{block.id}">{_escape(block.heading)}</h2>\n' if block.heading else "") + block.html
            for block in self.blocks)

    @property
    def text(self) -> str:
        """The plain text without the headings of sections; each paragraph, list item and table row is a line."""
        return "\n".join(block.text for block in self.blocks if block.text)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# --- rendering ------------------------------------------------------------------------------------------------


class _Tidy(Treeprocessor):
    """Keeps the outline of the page (one h1, sections only at the top level) and shows images as their description."""

    def run(self, root: etree.Element) -> None:
        for parent in root.iter():
            for child in parent:
                if child.tag == "h1" or (child.tag == "h2" and parent is not root):
                    child.tag = "h2" if parent is root else "h3"
                elif child.tag == "img":
                    child.tag, child.text = "em", unescape(child.get("alt", ""))
                    child.attrib.clear()


_TAGS = {"h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "blockquote", "pre", "code", "strong",
         "em", "a", "br", "hr", "table", "thead", "tbody", "tr", "th", "td", "sup", "div"}
# No attribute here can hold `<`: `render` cuts the cleaned text at its `<h2>`, and must not meet one in a value.
_ATTRIBUTES = {"*": set(), "a": {"href"}, "ol": {"start"}, "li": {"id"}, "sup": {"id"}, "h2": {"id"}, "h3": {"id"},
               "h4": {"id"}, "h5": {"id"}, "h6": {"id"}}
_CLASSES = {"a": {"footnote-ref", "footnote-backref"}, "div": {"footnote"}}


def _attribute(tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return link(value)
    if name == "id":
        return ID_PREFIX + value if re.fullmatch(r"[\w:-]+", value) else None
    if name == "start":
        return value if value.isdecimal() and len(value) < 7 else None
    return value


def _markdown() -> markdown.Markdown:
    converter = markdown.Markdown(
        extensions=["tables", "fenced_code", "sane_lists", "footnotes", "toc"],
        extension_configs={"toc": {"slugify": slugify_unicode, "marker": ""}},  # ids, but no `[TOC]` filled in for each
        output_format="html",
    )
    converter.ESCAPED_CHARS = list(string.punctuation)  # as CommonMark has it; Python-Markdown knows half of them
    headings: Any = converter.parser.blockprocessors["hashheader"]
    headings.RE = re.compile(headings.RE.pattern.replace(r"(?:^|\n)", r"(?:^|\n)[ ]{0,3}"))  # likewise
    converter.preprocessors.deregister("html_block")
    converter.inlinePatterns.deregister("html")
    converter.treeprocessors.register(_Tidy(converter), "tidy", 8)  # `inline` (20) made the images; before `toc` (5)
    return converter


_HEADING = re.compile(r'<h2(?: id="([^"]*)")?>(.*?)</h2>', re.DOTALL)


def render(body: str) -> Rendered:
    """A body, rendered here and now. It takes as long as it takes: for text nobody checked use `render_all`."""
    html = nh3.clean(_markdown().convert(body), tags=_TAGS, attributes=_ATTRIBUTES, attribute_filter=_attribute,
                     allowed_classes=_CLASSES, url_schemes={"http", "https", "mailto"}, link_rel=LINK_REL)
    html = re.sub(rf'(<a [^>]*?href="[#/][^>]*?) rel="{LINK_REL}"', r"\1", html)  # our own pages are no strangers
    # A cleaned `<h2>` is always a section: text is escaped, and headings inside quotes and lists became h3.
    start, *rest = _HEADING.split(html)
    found = [("", "", start), *zip((id or "" for id in rest[0::3]), map(_plain, rest[1::3]), rest[2::3], strict=True)]
    sections = sections_named([heading for _, heading, _ in found[1:]])
    return Rendered(tuple(
        Block(section, heading, id, part.strip(), _plain(part))
        for section, (id, heading, part) in zip((None, *sections), found, strict=True)
        if heading or part.strip()))


_LINE_TAGS = {"p", "li", "tr", "blockquote", "pre", "h2", "h3", "h4", "h5", "h6", "div", "hr"}


class _Text(HTMLParser):
    """Gathers the words of cleaned HTML: a line for each paragraph, item and row; marks of footnotes left out."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.silent = ""  # the tag whose words are being left out
        self.preformatted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _LINE_TAGS:
            self.parts.append("\n")
        elif tag in ("td", "th", "br"):
            self.parts.append(" ")
        elif tag == "sup" or ("class", "footnote-backref") in attrs:
            self.silent = tag
        self.preformatted = self.preformatted or tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in _LINE_TAGS:
            self.parts.append("\n")
        if tag == self.silent:
            self.silent = ""
        self.preformatted = self.preformatted and tag != "pre"

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(data if self.preformatted else data.replace("\n", " "))


def _plain(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    parser.close()
    lines = (" ".join(line.split()) for line in "".join(parser.parts).split("\n"))
    return "\n".join(line for line in lines if line)


# --- many bodies, each within a limit ---------------------------------------------------------------------------

_PROGRAM = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from innoshare.render import _serve; _serve()"


def render_all(bodies: Mapping[str, str], progress: Callable[[str], None], seconds: float = SECONDS_PER_BODY,
               seconds_to_start: float = SECONDS_TO_START) -> tuple[dict[str, Rendered], dict[str, str]]:
    """Render bodies in a child process, giving each at most `seconds`, and the process `seconds_to_start`.

    Gives what was rendered by key, and why the others were not. `progress` is called with each key when it is done.
    Raises RuntimeError where no child process can be started at all, or none in time.
    """
    rendered: dict[str, Rendered] = {}
    refused: dict[str, str] = {}
    child: _Child | None = None
    try:
        for key, body in bodies.items():
            child = child or _Child(seconds_to_start)
            answer = child.ask(body, seconds)
            if isinstance(answer, Rendered):
                rendered[key] = answer
            else:
                refused[key], alive = answer
                if not alive:
                    child.stop()
                    child = None
            progress(key)
    finally:
        if child:
            child.stop()
    return rendered, refused


class _Child:
    """The process that renders, as its parent sees it."""

    def __init__(self, seconds: float) -> None:
        try:
            # In a session of its own, so that Ctrl-C reaches it only as the end of its input.
            self.process = subprocess.Popen([sys.executable, "-c", _PROGRAM, json.dumps(sys.path)],
                                            start_new_session=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            raise RuntimeError(f"No process can be started to render Markdown ({error.strerror or error}).") from error
        self.answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        try:
            threading.Thread(target=self._listen, daemon=True).start()
            started = self._answer(seconds) is not None
        except (queue.Empty, RuntimeError):  # late, or no thread can be had
            started = False
        if not started:
            self.stop()
            raise RuntimeError("The process that renders Markdown does not start; its own message stands above.")

    def _listen(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                self.answers.put(line)
        self.answers.put(None)

    def _answer(self, seconds: float) -> Any:
        """The next answer; None where the child died; raises queue.Empty where it is late."""
        line = self.answers.get(timeout=seconds)
        return None if line is None else json.loads(line)

    def ask(self, body: str, seconds: float) -> Rendered | tuple[str, bool]:
        """The rendered body, or why there is none and whether this child can go on."""
        assert self.process.stdin
        try:
            self.process.stdin.write(json.dumps(body).encode() + b"\n")
            self.process.stdin.flush()
            answer = self._answer(seconds)
        except queue.Empty:
            return f"Rendering the text took longer than {seconds:g} seconds.", False
        except OSError:
            answer = None
        if answer is None:
            return "The text made the renderer stop.", False
        if isinstance(answer, str):
            return answer, True
        sections = {str(section): section for section in Section}
        return Rendered(tuple(Block(sections.get(section), *texts) for section, *texts in answer))

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdin:
            with contextlib.suppress(OSError):  # what could not be written is of no use to a dead child
                self.process.stdin.close()


def _serve() -> None:
    """The child's side: one body a line in, blocks or a reason a line out."""
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints must not look like an answer
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (CHILD_MEMORY, CHILD_MEMORY))
    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        if sys.platform != "win32":
            signal.alarm(SECONDS_AS_ORPHAN)
        body = json.loads(line)
        answer: object
        try:
            reasons = [f"{found.message} {found.remedy}" for found in mistakes(body)]
            answer = reasons[0] if reasons else [astuple(block) for block in render(body).blocks]
        except RecursionError:
            answer = "Something in the text is nested too deeply."
        except MemoryError:
            answer = "Rendering the text needs too much memory."
        except Exception as error:  # a defect of a library that one text brings to light must not cost the others
            answer = f"The text cannot be rendered ({type(error).__name__})."
        if sys.platform != "win32":
            signal.alarm(0)
        print(json.dumps(answer), file=answers, flush=True)


# --- plain text to sentences ------------------------------------------------------------------------------------

# Words that end with a full stop within a sentence, in the languages that cases come in. What is followed by a small
# letter never ends a sentence, so only those that stand before names and numbers matter.
_ABBREVIATION = re.compile(
    r"approx|art|av|bl|bzw|ca|cf|co|dept|dr|eg|env|esim|ev|fig|gen|gov|ggf|ie|inc|incl|jr|kl|ltd|max|min|mme|mr|mrs|"
    r"mio|mrd|ms|nr|nos|pp|par|prof|resp|sr|st|str|tel|vol|vs|[^\W\d_]|"
    r"(?:[^\W\d_]{1,3}\.){1,3}[^\W\d_]{1,3}", re.IGNORECASE)  # the last lines: `J.`, `U.S.`, `z.B.`, `t.ex.`
_MONTH = re.compile(r"(?:januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember|marts|maj|"
                    r"december)\b", re.IGNORECASE)  # where days are written `3. Mai`
_END = re.compile(r"[.!?…]{1,4}[\"'”’»)\]]{0,3}(?=\s)|[。！？]")  # bounded, so that a row of dots takes linear time


def sentences(text: str) -> list[str]:
    """The sentences of a plain text, none longer than MAX_SENTENCE characters; a line end always ends one."""
    return [piece for line in text.splitlines() for sentence in _sentences(" ".join(line.split()))
            for piece in _pieces(sentence)]


def _sentences(line: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(line):
        if not _goes_on(line[max(start, end.start() - 30) : end.start()], end[0], line[end.end() : end.end() + 30]):
            yield line[start : end.end()].strip()
            start = end.end()
    if line[start:].strip():
        yield line[start:].strip()


def _goes_on(before: str, stop: str, after: str) -> bool:
    """True where a full stop belongs to a number or an abbreviation."""
    after = after.lstrip()
    if not after or stop[0] in "。！？":
        return False
    if after[0].islower():
        return True
    if stop != ".":
        return False
    word = before.rpartition(" ")[2].lstrip("(\"'“„«[")
    if word.isdecimal() and len(word) <= 2:  # an item's number, or a day before a month that has a capital letter
        return before.strip() == word or bool(_MONTH.match(after))
    return bool(_ABBREVIATION.fullmatch(word)) or (word == "No" and after[0].isdecimal())


def _pieces(sentence: str) -> Iterator[str]:
    """A sentence, cut between words where it is too long."""
    while len(sentence) > MAX_SENTENCE:
        cut = sentence.rfind(" ", MAX_SENTENCE // 2, MAX_SENTENCE)
        cut = cut if cut > 0 else MAX_SENTENCE
        yield sentence[:cut]
        sentence = sentence[cut:].strip()
    if sentence:
        yield sentence
