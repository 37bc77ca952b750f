"""The scripts for other people's sites: web components that search the library and ask it, and what they say.

A script has two addresses. `/embed/v1/innoshare.js` gives what is current, and is asked for again after an hour.
`/embed/v1/innoshare-<digest>.js` gives one text for good: a site that names it together with its integrity runs that
text and no other, so it must stay for as long as any site may name it. Texts that were published once are kept in
`static/embed/kept`; `keep` puts the current ones there, and a test fails while they are not.

A script is served without its comments and with the few words in it that it must say when the library cannot be
reached. All others it fetches in the one language it needs: in eleven they alone would be as large as it may be.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from hashlib import sha256, sha384
from pathlib import Path

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from innoshare.errors import NotFound
from innoshare.web.phrases import PHRASES

blueprint = Blueprint("embed", __name__, url_prefix="/embed/v1")

SOURCES = Path(__file__).resolve().parent.parent / "static" / "embed"
KEPT = SOURCES / "kept"

# How long a browser may use the current script without asking for a newer one: a mended mistake is everywhere after an
# hour, and a visitor who reads on loads it once. A text that its address names never changes.
CURRENT_SECONDS, NAMED_SECONDS = 3600, 365 * 24 * 3600
# Of the digest in an address, in hex: 64 bits, so that two texts never have the same; integrity is proven by SHA-384.
DIGITS = 16

FAILURES = ("unreachable", "busy", "refused", "go_on")  # What a script says when it could not fetch its words.

_COMMENT = re.compile(r"^\s*//.*\n", re.MULTILINE)
_INDENT = re.compile(r"^\s+", re.MULTILINE)


@dataclass(frozen=True)
class Script:
    """A script as it is published: its text, its address below the site's, and its integrity (SRI)."""

    text: bytes
    path: str
    integrity: str


# Sources are read once: a script that changes is served after the next start, as the program is.
@cache
def script(name: str = "innoshare") -> Script:
    """The current script of that name: `innoshare` (the components), or any other in `static/embed`.

    Raises NotFound where there is none."""
    if name not in _names():
        raise NotFound("There is no script of this name.")
    source = (SOURCES / f"{name}.js").read_text(encoding="utf-8")
    failures = {language: {word: getattr(words, word) for word in FAILURES} for language, words in PHRASES.items()}
    told = json.dumps(failures, ensure_ascii=False, separators=(",", ":"))
    text = _INDENT.sub("", _COMMENT.sub("", source)).replace('"__FAILURES__"', told).encode()
    return Script(text, f"embed/v1/{name}-{digest(text)}.js",
                  f"sha384-{b64encode(sha384(text).digest()).decode()}")


def digest(text: bytes) -> str:
    """What names a text in its address."""
    return sha256(text).hexdigest()[:DIGITS]


def keep(folder: Path = KEPT) -> list[Path]:
    """Keep the current scripts in `folder` for good; gives those that were not there yet.

    `python -c 'from innoshare.web import embed; embed.keep()'`, before a changed script is published."""
    made = []
    for name in _names():
        current = script(name)
        path = folder / Path(current.path).name
        if not path.exists():
            path.write_bytes(current.text)
            made.append(path)
    return made


def _names() -> list[str]:
    return sorted(path.stem for path in SOURCES.glob("*.js"))


@cache
def _named() -> Mapping[str, bytes]:
    """Every text that has an address for good, by its file name."""
    current = {Path(script(name).path).name: script(name).text for name in _names()}
    return {path.name: path.read_bytes() for path in KEPT.glob("*.js")} | current


@blueprint.get("/<name>.js")
def serve(name: str) -> AnyResponse:
    """A script, current or named by its digest."""
    if text := _named().get(f"{name}.js"):
        return _sent(text, "text/javascript", f"public, max-age={NAMED_SECONDS}, immutable")
    return _sent(script(name).text, "text/javascript", f"public, max-age={CURRENT_SECONDS}")


@blueprint.get("/words/<language>.json")
def words(language: str) -> AnyResponse:
    """What a component says in a language: `Phrases`. Scripts of old ask for it too, so no word may be taken out."""
    if language not in PHRASES:
        raise NotFound("The components do not speak this language.")
    text = json.dumps(asdict(PHRASES[language]), ensure_ascii=False)
    return _sent(text.encode(), "application/json", f"public, max-age={CURRENT_SECONDS}")


def _sent(text: bytes, mimetype: str, caching: str) -> AnyResponse:
    """A file for pages of any site; with a policy of theirs that asks for it, too (Cross-Origin-Embedder-Policy)."""
    response = Response(text, content_type=f"{mimetype}; charset=utf-8" if mimetype.startswith("text") else mimetype,
                        headers={"Cache-Control": caching, "Access-Control-Allow-Origin": "*",
                                 "Cross-Origin-Resource-Policy": "cross-origin"})
    response.set_etag(digest(text))
    return response.make_conditional(request)
