"""Pages as files: what readers would see of a contribution, to be looked at without a server and without a network.

`write` asks the same application that serves everybody for each page, and makes of each answer a file that works where
it lies: style sheets and pictures beside it, links to other previews as files, all other links to the public site or,
where there is none, or not yet such a page, gone. A sign at the top says that it is a preview.

Decision: the answer of the application is rewritten and not rendered anew for this purpose, so that a preview cannot
differ from the page. It is taken apart by Python's HTML parser, tag by tag; text passes through untouched.
"""

import shutil
from collections.abc import Mapping, Sequence
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

from innoshare.config import Settings
from innoshare.errors import EditionError
from innoshare.library import Library
from innoshare.web.app import HEADERS, PACKAGE, create_app
from innoshare.web.questions import KINDS

INDEX = "index.html"

_SIGN = ('<div class="wide"><div class="notice"><p><strong>This is a preview.</strong> It shows a contribution as '
         'readers would see it. It is not published. <a href="index.html">All previews</a></p></div></div>')
_TITLE = "Previews"
# It may load and run what the site itself may; who may frame it, no page can say.
_POLICY = HEADERS["Content-Security-Policy"].partition("; frame-ancestors")[0]
_HEAD = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'

# What lies beside the style sheets, and no page that is previewed asks for.
_FOR_OTHERS = ("fonts", "embed", "schema")

# Attributes that hold an address; an element loses the attribute where the address leads nowhere without a server.
_ADDRESSES = ("href", "src", "action", "formaction")
# Elements that are nothing without their address, or load what is not there or elsewhere: they are left out.
_LOADING = frozenset({"link", "script", "img"})


def write(library: Library, settings: Settings, pages: Sequence[tuple[str, str]], directory: Path) -> tuple[str, int]:
    """Write a preview of each page (folder, slug) that the library shows, and an index of them, into `directory`.

    Returns what is to be opened, seen from beside the folder (`preview/index.html`), and how many pages it lists.
    Raises EditionError where the folder cannot be written to.
    """
    app = create_app(library, settings)
    app.context_processor(lambda: {"listed": False})  # no cards and no facts for machines of what is not published
    client = app.test_client()
    called = {kind.folder: kind.name for kind in KINDS.values()}
    names = {f"/{folder}/{slug}": f"{called[folder]}-{slug}.html" for folder, slug in pages}
    try:
        shutil.copytree(PACKAGE / "static", directory / "static", dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns(*_FOR_OTHERS))
        theme = client.get("/theme.css")
        (directory / "static" / "theme.css").write_bytes(theme.get_data())
        listed = []
        for address, name in names.items():
            answer = client.get(address)
            if answer.status_code != 200:
                continue
            page = _Page(names, settings.base_url, answer.get_data(as_text=True))
            (directory / name).write_text(page.text, encoding="utf-8")
            listed.append((name, page.title.removesuffix(f" · {settings.name}")))
        start = _Page(names, settings.base_url, client.get("/").get_data(as_text=True), _contents(listed))
        (directory / INDEX).write_text(start.text, encoding="utf-8")
    except OSError as error:
        raise EditionError(f"The previews cannot be written to {directory} ({error.strerror or error}).") from error
    return f"{directory.resolve().name}/{INDEX}", len(listed)


def _contents(listed: Sequence[tuple[str, str]]) -> str:
    items = "".join(f'<li><a href="{escape(name)}">{escape(title)}</a></li>' for name, title in listed)
    return (f'<div class="wide"><h1>{_TITLE}</h1><p class="lead">What readers would see of this contribution. None of '
            f"it is published.</p><ul>{items}</ul></div>")


class _Page(HTMLParser):
    """A page, written anew with other addresses. With `main`, that stands in place of its content."""

    def __init__(self, names: Mapping[str, str], base_url: str, html: str, main: str = "") -> None:
        super().__init__(convert_charrefs=False)
        self.title = ""
        self._names, self._base_url, self._main = names, base_url, main
        self._parts: list[str] = []
        self._inside: list[str] = []  # of an element whose text matters: the title, or a content that is replaced
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def _put(self, text: str) -> None:
        if not self._main or not self._inside:
            self._parts.append(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        written = self.get_starttag_text() or ""
        if any(name in _ADDRESSES for name, _ in attributes):
            written = self._elsewhere(tag, attributes)
        self._put(written)
        if tag == "head":
            self._put(_HEAD)
        if tag == "title" and not self.title:
            self._put(_TITLE if self._main else "")
            self._inside.append(tag)
        if tag == "main":
            self._put(self._main or _SIGN)
            if self._main:
                self._inside.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()
        self._put(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._inside and self._inside[-1] == "title":
            self.title += data
        self._put(data)

    def handle_entityref(self, name: str) -> None:
        self._reference(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._reference(f"&#{name};")

    def _reference(self, text: str) -> None:
        if self._inside and self._inside[-1] == "title":
            self.title += unescape(text)
        self._put(text)

    def handle_decl(self, declaration: str) -> None:
        self._put(f"<!{declaration}>")

    def handle_comment(self, data: str) -> None:
        pass  # nobody reads it in a preview

    def _elsewhere(self, tag: str, attributes: list[tuple[str, str | None]]) -> str:
        """A tag whose addresses work from a file; "" where it would load what is not there."""
        kept = []
        for name, value in attributes:
            if name in _ADDRESSES:
                value = self._place(value or "")
                if tag in _LOADING and (not value or urlsplit(value).netloc):
                    return ""
                if not value:
                    continue
            kept.append(name if value is None else f'{name}="{escape(value)}"')
        return f"<{' '.join((tag, *kept))}>"

    def _place(self, address: str) -> str:
        """Where an address of the site leads from a file; "" where that is nowhere."""
        parts = urlsplit(address)
        after = f"#{parts.fragment}" if parts.fragment else ""
        if parts.scheme or parts.netloc or not parts.path:
            return "" if parts.hostname == "localhost" else address
        home = urlsplit(self._base_url).path
        address, path = address.removeprefix(home), parts.path.removeprefix(home)
        if path.startswith("/static/"):
            return path[1:]
        if path == "/theme.css":
            return "static/theme.css"
        if path in self._names:
            return self._names[path] + after
        if any(path.startswith(f"{page}/") for page in self._names):
            return ""  # its feed, its forms: there only once it is published
        return f"{self._base_url}{address}" if self._base_url and path.startswith("/") else ""
