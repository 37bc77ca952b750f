"""What a partner copies into a page of its own: a web component, a frame, or a plain form, as text in HTML.

`/embed` shows these for what one chose. Every snippet holds a plain link or form as well, which is what visitors see
where the page around it lets nothing else through. Every value is escaped for HTML, and no element has a `style`: a
strict policy of the page around it would refuse that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from markupsafe import escape

from innoshare.search import Query
from innoshare.web.embed import Script
from innoshare.web.parameters import address, pairs
from innoshare.web.phrases import phrases
from innoshare.web.shapes import url_of

EMBED = ("embed", "v1")  # Where scripts and frames stand; within v1 no name and no parameter is taken away.

# What a frame may do, in a page that has not given it more: send its form, open a case in place of the page once
# somebody has clicked, and in a new tab.
SANDBOX = "allow-forms allow-popups allow-top-navigation-by-user-activation"
# With the message that tells its height. Scripts are ours; the origin stays ours as well, for by that the script in the
# page around it knows who speaks. Frames of another site cannot reach the page with it.
SANDBOX_TELLING = f"{SANDBOX} allow-scripts allow-same-origin"
# What of the page around is told to the library by what it fetches: the site, not the page.
REFERRER = "strict-origin"
FRAME_HEIGHT = 600  # Three cases on a narrow column, before the frame scrolls or tells its height.


@dataclass(frozen=True)
class Look:
    """How a search or matcher looks in another site: the language of its own words, the level of its headings, `light`,
    `dark` or `auto` (as the visitor's system has it), and how many cases it shows."""

    lang: str = "en"
    heading_level: int = 3
    appearance: str = "auto"
    limit: int = 5


@dataclass(frozen=True)
class Wish:
    """What a partner wants in its site: a search that begins with a query, or the matcher for a city ("" for none)."""

    kind: str
    query: Query
    city: str
    look: Look


@dataclass(frozen=True)
class Snippet:
    """Text to copy, and the directives that a Content-Security-Policy of the page around it needs for it."""

    html: str
    policy: str


def component(wish: Wish, base_url: str, script: Script) -> Snippet:
    """The web component, with a link inside that stands until it runs."""
    look, filters = wish.look, [pair for pair in pairs(wish.query) if pair[0] != "q"]
    own = {"query": wish.query.text, "filters": urlencode(filters)} if wish.kind == "search" else {"city": wish.city}
    shown = {"language": look.lang, "limit": str(look.limit), "heading-level": str(look.heading_level),
             "theme": "" if look.appearance == "auto" else look.appearance}
    inside = _element(f"innoshare-{wish.kind}", {name: value for name, value in {**own, **shown}.items() if value},
                      f"\n  {_link(wish, base_url)}\n")
    origin = _origin(base_url)
    return Snippet(f"{_script(script, base_url)}\n{inside}", f"script-src {origin}; connect-src {origin}")


def frame(wish: Wish, base_url: str, script: Script | None = None) -> Snippet:
    """The frame, with a link beside it for where frames are kept out; with a `script` it has the height it needs."""
    inside = _element("iframe", frame_attributes(wish, base_url, bool(script)), "")
    html = f"{inside}\n{_element('p', {}, _link(wish, base_url))}"
    origin = _origin(base_url)
    if script is None:
        return Snippet(html, f"frame-src {origin}")
    return Snippet(f"{html}\n{_script(script, base_url)}", f"frame-src {origin}; script-src {origin}")


def frame_attributes(wish: Wish, base_url: str, tells_height: bool = False) -> dict[str, str]:
    """What the element of the frame says. Its border is switched off by an old attribute, since a style would need
    leave from the policy of the page around it."""
    words = phrases(wish.look.lang)
    return {"src": frame_address(wish, base_url, tells_height), "loading": "lazy",
            "title": words.search_label if wish.kind == "search" else words.match_label,
            "width": "100%", "height": str(FRAME_HEIGHT), "frameborder": "0", "referrerpolicy": REFERRER,
            "sandbox": SANDBOX_TELLING if tells_height else SANDBOX}


def frame_address(wish: Wish, base_url: str, tells_height: bool = False) -> str:
    """Where the frame is found. The language of its words is `lang` there: `language` narrows a search to cases."""
    look = wish.look
    asked = list(pairs(wish.query)) if wish.kind == "search" else [("city", wish.city)] if wish.city else []
    shown = [("lang", look.lang), ("limit", str(look.limit)), ("heading_level", str(look.heading_level)),
             *([("appearance", look.appearance)] if look.appearance != "auto" else []),
             *([("resize", "yes")] if tells_height else [])]
    return url_of(base_url, *EMBED, f"{wish.kind}?{urlencode([*asked, *shown])}")


def form(wish: Wish, base_url: str) -> Snippet:
    """A form that leads to the answer on the library's own page. The text is sent in UTF-8, whatever the page is in."""
    words = phrases(wish.look.lang)
    if wish.kind == "search":
        label, button, hidden = words.search_label, words.search, [p for p in pairs(wish.query) if p[0] != "q"]
        typed = _element("input", {"name": "q", "type": "search", "value": wish.query.text})
        where = {"action": url_of(base_url, "search")}
    else:
        label, button, hidden = words.match_label, words.match, [("city", wish.city)] if wish.city else []
        typed = _element("textarea", {"name": "challenge", "rows": "4", "required": ""}, "")
        where = {"action": url_of(base_url, "match"), "method": "post"}
    lines = [_element("label", {}, f"{escape(label)} {typed}"),
             *(_element("input", {"type": "hidden", "name": name, "value": value}) for name, value in hidden),
             _element("button", {}, str(escape(button)))]
    inside = "".join(f"\n  {line}" for line in lines)
    return Snippet(_element("form", {**where, "accept-charset": "utf-8", "lang": wish.look.lang}, f"{inside}\n"),
                   f"form-action {_origin(base_url)}")


def _link(wish: Wish, base_url: str) -> str:
    """A link to the same on the library's own page."""
    words = phrases(wish.look.lang)
    url = address(wish.query, url_of(base_url, "search")) if wish.kind == "search" else url_of(base_url, "match")
    return _element("a", {"href": url, "lang": wish.look.lang},
                    str(escape(words.search_label if wish.kind == "search" else words.match_label)))


def _script(script: Script, base_url: str) -> str:
    return _element("script", {"src": url_of(base_url, script.path), "integrity": script.integrity,
                               "crossorigin": "anonymous", "referrerpolicy": REFERRER, "defer": ""}, "")


def _element(name: str, attributes: Mapping[str, str], inside: str | None = None) -> str:
    """An element around `inside`, which is HTML; None where the element has no end. An attribute without a value is
    written as its name alone."""
    words = (f' {key}="{escape(value)}"' if value else f" {key}" for key, value in attributes.items())
    return f"<{name}{''.join(words)}>" + ("" if inside is None else f"{inside}</{name}>")


def _origin(base_url: str) -> str:
    """What a policy calls the site of the library: without a path."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"
