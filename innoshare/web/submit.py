"""`/submit`: contributing without git. A few questions at a time become a file, the file a proposal on the code host.

`questions` says what is asked, `form` with which controls; `answers` holds what was answered, and `written` makes the
file and says what to mend. Here a request becomes the next page. Every page is the answer to a form that was posted,
and carries all answers so far in fields that are not seen. So the server keeps nothing, not even for the time of a
visit, there is no cookie, and all of it works without JavaScript. What a browser keeps of a draft it keeps by itself
(`static/submit.js`).

Decision: a step that must be answered can be skipped by a button that says so. Whoever presses "Continue" is
told at once what is missing, and nobody is kept from seeing the next question.

Decision: contributed text is rendered here while somebody waits, which is done nowhere else. Some texts of a few
kilobytes keep a renderer busy for minutes, so it is looked over first, rendered in a process that is killed when it
takes too long, and for few people at a time. Only pages of this site may ask for it: a stranger's page could otherwise
let visitors see a text of its own under our address.
"""

import re
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, make_response, render_template, request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from innoshare.case import Card, Case, City, OpenChallenge, front_matter
from innoshare.content.frontmatter import MAX_FILE_BYTES
from innoshare.errors import BadInput, InnoshareError
from innoshare.forge import Forge
from innoshare.library import CityEntry, Entry, Library
from innoshare.matching import Challenge
from innoshare.render import Rendered, mistakes, render_all
from innoshare.web import pages, shapes, wanted
from innoshare.web.answers import OF_THE_FILE, TOO_LARGE, Answers, text_of
from innoshare.web.form import Around, Widget, widgets
from innoshare.web.questions import ITEMS, KINDS, SECTIONS, Kind, label_of
from innoshare.web.spoken import spoken
from innoshare.web.written import Mistake, Written, name_of, suggested, written

blueprint = Blueprint("submit", __name__)

AT_A_TIME = 2  # Texts rendered at once: each is a process of its own, and search must go on beside them.
FILES_AT_A_TIME = 4  # Made of answers at once: half of the threads of a server, for a long text takes a second.
SECONDS_TO_START = 5.0  # Of such a process; half a second, if the machine has room for one more.
SECONDS_TO_RENDER = 2.0  # Of one text; a real one takes 10 ms.
RETRY_AFTER = 5  # Seconds after which to try again: by then those who are rendering now are done or were stopped.
SHOWN_LINES = 8  # Of one answer, and characters of a line, on the page where all of them are looked over: enough to
SHOWN_CHARACTERS = 240  # recognise each. With whole texts the page of a rich case was 10,000 pixels high.
MAX_ACCOUNT = 500  # Characters looked at for the name of an account: an address with room.
ALIKE = 3  # Cases shown as perhaps the same one: what is looked at before one goes on.

# The largest form: a file's fill of text, each byte of it escaped as %XX, and the names of all fields. And the largest
# one with a file in it: up to this size Werkzeug holds a file in memory, and writes nothing to the disk.
MAX_FORM = 3 * MAX_FILE_BYTES + 64 * 1024
MAX_UPLOAD = 500 * 1024

_rendering = threading.BoundedSemaphore(AT_A_TIME)
_writing = threading.BoundedSemaphore(FILES_AT_A_TIME)

_GO = re.compile(r"(?P<what>next|back|skip|check|finish|preview|download|open)|(?P<to>step|mend):(?P<step>[0-9]{1,2})"
                 r"|add:(?P<more>[a-z_]{1,40})|remove:(?P<less>[a-z_]{1,40})\.(?P<number>[0-9]{1,3})")


LATER = "Wait a few seconds, then load this page again, or go back and press the button once more. Nothing is lost."


class Busy(InnoshareError):
    """Others are being served; it will be possible in a moment."""

    status = 503
    title = "One moment, please"


class TooLarge(InnoshareError):
    """More than a contribution can hold."""

    status = 413
    title = "Too much at once"


class Foreign(InnoshareError):
    """The form was not sent from a page of this site."""

    status = 403
    title = "Please start from the form"


@blueprint.errorhandler(Busy)
def busy(error: Busy) -> Response:
    problem = shapes.ProblemBody(type="urn:problem-type:innoshare:busy", title=error.title, status=error.status,
                                 detail=str(error))
    return make_response(render_template("error.html", problem=problem), error.status,
                         {"Retry-After": str(RETRY_AFTER)})


@blueprint.before_request
def take_a_whole_file() -> None:
    request.max_content_length = request.max_form_memory_size = MAX_UPLOAD if _is_upload() else MAX_FORM


@blueprint.before_request
def only_from_here() -> None:
    """Where a browser does not say from what kind of site a form came, as over plain http, it says from which one."""
    own_hosts = {request.host.lower(), urlsplit(g.base_url).netloc.lower()}
    kind, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    ours = kind in ("same-origin", "none") if kind else origin is None or origin.partition("://")[2] in own_hosts
    if request.method == "POST" and not ours:
        raise Foreign("What was sent here came from another site, so it was not looked at.")


@blueprint.get("/submit")
def choose() -> str:
    return render_template("submit.html", kinds=KINDS)


@blueprint.route("/submit/<any(case, challenge, city):name>", methods=["GET", "POST"])
def fill(name: str) -> AnyResponse:
    """The form for a kind of contribution: its first page, or the one that follows from what was posted."""
    visit = Visit(KINDS[name])
    if request.method != "POST":
        return visit.step(0, fresh=True)
    try:
        return visit.post()
    except TooLarge:
        if not _is_upload():
            raise
        return visit.step(0, (Mistake("chosen", TOO_LARGE),), 413)


@blueprint.post("/submit/preview")
def preview() -> Response:
    """A text as readers will see it, for the page on which it is being written: a piece of HTML, cleaned."""
    text = "\n".join(_posted("text"))
    shown, why = _rendered(text)
    return Response(render_template("_preview.html", rendered=shown, why=why), 200 if shown else 400)


class Visit:
    """One request to the form of a kind: what was sent, and the pages that can answer it."""

    def __init__(self, kind: Kind) -> None:
        self.kind, self.library = kind, _library()
        self.today: date = datetime.now(UTC).date()
        self.answers = Answers()
        self.end = len(kind.steps)  # The number of the page on which all answers are looked over.
        self._written: dict[tuple[Answers, bool], Written] = {}

    # --- what was asked for

    def post(self) -> AnyResponse:
        """The page that follows. Raises BadInput where no page of the form can have sent this."""
        asked, here = self.asked(), self.here()
        if asked["what"] == "open":
            return self.open()
        gone = f"{asked['less']}.{asked['number']}." if asked["less"] else ""
        offered = set(_posted("offered"))  # What the page had filled in by itself nobody has chosen.
        self.answers = Answers.of(self.kind, (
            (name, value) for name, value in _fields() if f"{name}={value}" not in offered
            and (not gone or not (value if name == "unknown" else name).startswith(gone))))
        if asked["more"] or asked["less"]:
            return self.repeated(here, asked["more"] or asked["less"], bool(asked["more"]))
        if asked["to"]:
            number = min(int(asked["step"]), self.end)  # A draft may be older than a form that has fewer pages now.
            # Every page of the form says which one it is. The matcher's does not: a draft may be here from before.
            return self.step(number, self.found(number) if asked["to"] == "mend" else (), fresh=not _posted("step"))
        match asked["what"]:
            case "back":
                return self.step(max(0, here - 1))
            case "skip":
                return self.step(min(here + 1, self.end))
            case "check":
                return self.step(self.end)
            case "finish":
                return self.finish()
            case "preview":
                return self.preview()
            case "download":
                return self.download()
        found = self.found(here)
        return self.step(here, found, status=400) if found else self.step(min(here + 1, self.end))

    def asked(self) -> re.Match[str]:
        """Which button was pressed; the one that goes on where a browser sends none."""
        sent = _posted("go") or ["next"]
        asked = _GO.fullmatch(sent[0]) if len(sent) == 1 else None
        if asked is None:
            raise BadInput([("go", "It is not clear which button was pressed. Go back and press one.")])
        return asked

    def here(self) -> int:
        """The number of the page that was sent."""
        sent = _posted("step") or ["0"]
        if len(sent) > 1 or not re.fullmatch("[0-9]{1,2}", sent[0]) or int(sent[0]) > self.end:
            raise BadInput([("step", "It is not clear which page was sent. Start again from the form.")])
        return int(sent[0])

    # --- the answers as a file

    @property
    def slug(self) -> str:
        return name_of(self.kind, self.answers, ())[0]

    def written(self, draft: bool = False) -> Written:
        """The file of the answers, made once. Raises Busy."""
        key = self.answers, draft
        if key not in self._written:
            with _one_of(_writing, "Others are sending their answers just now."):
                self._written[key] = written(self.kind, self.answers, self.library, self.today, self.slug, draft)
        return self._written[key]

    def is_draft(self) -> bool:
        """Whether the file is to be a draft: as it was chosen, else as is suggested."""
        chosen = self.answers.text("status")
        if self.kind.model is not Case:
            return False
        return (chosen if chosen in ("draft", "published") else self.suggested_status()) == "draft"

    def suggested_status(self) -> str:
        return "draft" if self.written().errors else "published"

    def found(self, step: int) -> tuple[Mistake, ...]:
        """What is to be mended in the answers to one step."""
        return tuple(found for found in self.written().errors if self.kind.step_of(found.path) == step)

    def taken(self) -> Collection[str]:
        """The file names that are there already."""
        return self.library.file_names[self.kind.folder]

    def new_city(self) -> str:
        """The city that was named and is not in the library yet; "" where there is none."""
        name = self.answers.text("city_new")
        return "" if self.answers.text("city") or name in self.library.cities else name

    # --- pages

    def step(self, number: int, found: tuple[Mistake, ...] = (), status: int = 200, focus: str = "",
             fresh: bool = False, pasted: str = "") -> Response:
        """The page of a step, with what is to be mended in it."""
        if number == self.end:
            return self.check(found, status)
        step = self.kind.steps[number]
        around = Around(self.library.vocabulary, self.library.cities, g.settings.languages, tuple(self.sources()))
        shown = list(widgets(self.kind, step, self.answers, around))
        return self.page("submit_step.html", number, found, status, step=step, widgets=shown, focus=focus, fresh=fresh,
                         pasted=pasted, states=self.states(),
                         targets={widget.path: widget.first for widget in _every(shown)}, sources=around.sources,
                         needed=sum(not step.optional for step in self.kind.steps), MAX_FILE_BYTES=MAX_FILE_BYTES,
                         TOO_LARGE=TOO_LARGE)

    def states(self) -> list[str]:
        """How far each step is: `done`, `begun` while something in it is to be mended, or "" where it says nothing."""
        begun = [self.answers.is_begun(self.kind, step) for step in range(self.end)]
        if not any(begun):
            return [""] * self.end
        open_steps = {self.kind.step_of(error.path) for error in self.written().errors}
        return ["" if not is_begun else "begun" if step in open_steps else "done" for step, is_begun in
                enumerate(begun)]

    def page(self, template: str, number: int, found: tuple[Mistake, ...], status: int, **more: object) -> Response:
        told: dict[str, list[str]] = {}
        for mistake in found:
            told.setdefault(mistake.path, []).append(mistake.text)
        carried = [(name, value) for name, value in self.answers.carried(self.kind, number if number < self.end else
                   None) if template != "submit_check.html" or name not in OF_THE_FILE]
        return make_response(render_template(
            template, kind=self.kind, number=number, end=self.end, mistakes=found, told=told, carried=carried,
            strange=self.answers.strange, language=self.answers.text("language"), **more), status)

    def check(self, found: tuple[Mistake, ...] = (), status: int = 200) -> Response:
        """All answers, what is still to be mended, and how the file is to be called."""
        made = self.written()
        blocking = self.written(draft=True).errors if self.kind.model is Case else made.errors
        about_name = name_of(self.kind, self.answers, self.taken())[1] if self.answers.text("slug") else ()
        return self.page(
            "submit_check.html", self.end, tuple(dict.fromkeys((*found, *about_name))), status,
            summary=list(self.summary()), blocking=self.by_step(blocking),
            missing=self.by_step(tuple(error for error in made.errors if error not in blocking)),
            advice=self.by_step(tuple(found for found in made.mistakes if found.level == "advice")),
            draft=self.is_draft(), new_city=self.new_city(),
            offered={"slug": suggested(self.kind, self.answers), **(
                {"status": self.suggested_status()} if self.kind.model is Case else {})},
            SHOWN_LINES=SHOWN_LINES, SHOWN_CHARACTERS=SHOWN_CHARACTERS,
            slug=self.answers.text("slug") or self.slug, alike=self.alike(), boards=self.boards())

    def by_step(self, found: tuple[Mistake, ...]) -> list[tuple[int | None, list[str]]]:
        """Mistakes by the step that they are to be mended in, those of the whole file first."""
        steps: dict[int | None, list[str]] = {}
        for mistake in found:
            steps.setdefault(self.kind.step_of(mistake.path), []).append(mistake.text)
        return sorted(steps.items(), key=lambda pair: -1 if pair[0] is None else pair[0])

    def summary(self) -> Iterator[tuple[int, str, list[Widget]]]:
        around = Around(self.library.vocabulary, self.library.cities, g.settings.languages)
        for number, step in enumerate(self.kind.steps):
            yield number, step.title, [widget for widget in widgets(self.kind, step, self.answers, around)
                                       if widget.shown]

    def sources(self) -> Iterator[str]:
        """The addresses given as sources, to choose from where a source is asked for again."""
        for number in range(self.answers.count("sources")):
            if url := self.answers.text(f"sources.{number}.url"):
                yield url

    def alike(self) -> list[shapes.CardBody]:
        """Cases of the library about the same problem, for those who may be about to tell one a second time."""
        if self.kind.name == "city":
            return []
        try:
            language = self.answers.text("language")
            asked = Challenge.of(self.answers.text("challenge"), self.library.cities.get(self.answers.text("city")),
                                 language if language in g.settings.languages else "")
        except BadInput:
            return []
        found = self.library.match(asked, ALIKE)
        cards: list[Card] = [match.card for match in (*found.matches, *found.cautions)]
        return [shapes.card_body(card, request.root_path) for card in cards[:ALIKE]]

    def boards(self) -> list[OpenChallenge]:
        """Open challenges in the same field, for a case that may answer one."""
        if self.kind.name != "case":
            return []
        types = set(self.answers.all("challenge_types"))
        wanted = self.library.wanted({"theme": self.answers.all("themes"), "status": pages.UNSOLVED})
        return [item for item in wanted if types & set(item.challenge_types)][:ALIKE]

    def repeated(self, here: int, path: str, more: bool) -> Response:
        """The page of a step with one record more, or after one was taken out."""
        if path not in ITEMS or self.kind.step_of(path) != here:
            raise BadInput([("go", "It is not clear which button was pressed. Go back and press one.")])
        if more:
            self.answers = self.answers.more(path)
        record = self.kind.spot(path).inside(0).record
        first = next(name for name, _ in front_matter(record)) if record else ""
        return self.step(here, focus=f"{path}.{max(0, self.answers.count(path) - 1)}.{first}")

    def open(self) -> Response:
        """The form, filled with what stands in a file that was begun before: one that was chosen, or its text."""
        pasted = "".join(_posted("file")[:1]).strip()
        try:
            if chosen := request.files.get("chosen"):
                pasted = text_of(chosen.read()).strip()
            if not pasted:
                raise BadInput([("chosen", "Choose the file, or paste its text below.")])
            self.answers = Answers.of_file(self.kind, pasted, self.library.cities)
        except BadInput as error:
            return self.step(0, tuple(Mistake(name, text) for name, text in error.mistakes), 400, pasted=pasted)
        return self.step(self.end)

    def finish(self) -> Response:
        """What to do with the file, once it is one that can be handed in."""
        name, found = name_of(self.kind, self.answers, self.taken())
        draft = self.is_draft()
        made = self.written(draft)
        if made.errors and not found:
            kept = "It cannot be handed in as a draft either until this is mended." if draft else (
                "It cannot be published yet. Mend what is listed, or hand it in as a draft."
                if self.kind.model is Case else "It cannot be handed in yet. Mend what is listed.")
            found = (Mistake("open", kept),)
        if found:
            return self.check(found, 400)
        path, account = f"{self.kind.folder}/{name}.md", _posted("account")[:1]
        place, wrong = place_to_write(*account)
        return self.page("submit_finish.html", self.end, (Mistake("account", wrong),) if wrong else (),
                         400 if wrong else 200, slug=name, path=path, text=made.text, draft=draft,
                         new_city=self.new_city(), account="".join(account), place=place,
                         new_file=place.new_file(path, made.text) if place else None,
                         empty_file=place.empty_file(path) if place else "",
                         upload=place.upload(self.kind.folder) if place else "")

    def download(self) -> Response:
        """The file as it is now, also where it is not complete."""
        name, wrong = name_of(self.kind, self.answers, ())
        made = self.written(self.is_draft())
        if not made.text:
            return self.check(tuple(found for found in made.errors), 400)
        named = f"{self.kind.name if wrong else name}.md"
        return Response(made.text, mimetype="text/markdown",
                        headers={"Content-Disposition": f'attachment; filename="{named}"'})

    def preview(self) -> AnyResponse:
        """The page as readers will see it; where too much is missing for that, the texts."""
        made = self.written()
        names = [name for name in (*SECTIONS, "body") if self.answers.text(name)]
        body = "\n\n".join(f"## {SECTIONS[name].label}\n\n{self.answers.text(name)}" if name in SECTIONS else
                           self.answers.text(name) for name in names)
        rendered, why = _rendered(body)
        if rendered is None or made.record is None:
            return self.page("submit_preview.html", self.end, (), 200 if rendered else 400, rendered=rendered, why=why,
                             missing=[found.text for found in made.mistakes
                                      if found.level == "error" or found.path == "city_new"],
                             texts=[(label_of(self.kind, name), text) for name in ("title", "name", "summary",
                                    "challenge") if (text := self.answers.text(name))])
        return make_response(self.whole(made.record, rendered))

    def whole(self, record: Case | City | OpenChallenge, rendered: Rendered) -> str:
        """The page of what is in no library yet."""
        if isinstance(record, OpenChallenge):
            return wanted.challenge_page(self.library.foresee(record, rendered), preview=True)
        city = record if isinstance(record, City) else self.library.cities[record.city]
        country = self.library.facet_label("country", city.country)
        if isinstance(record, City):
            return pages.city_page(CityEntry(record, country, rendered, (), (), None), preview=True)
        return pages.case_page(Entry(
            record, city, country, rendered, adopters={}, borrowed=(), origins=self.library.origins(record),
            learners=(), similar=(), versions=(), challenges=(), named_by=(), history=None), preview=True)


def place_to_write(account: str | None = None) -> tuple[Forge | None, str]:
    """The repository on whose pages somebody from outside adds and changes files, None where there is none or it is not
    known yet; and what is wrong with the name of the account, where it was asked for."""
    forge: Forge | None = g.forge
    if forge is None or not forge.in_copies_only:
        return forge, ""
    place = None if account is None else forge.copy_of(account[:MAX_ACCOUNT])
    wrong = account is not None and place is None
    return place, (f"Write the name of your own account at {forge.name}. In the address of your copy it stands before "
                   f"/{forge.repository.rpartition('/')[2]}.") if wrong else ""


def _library() -> Library:
    library: Library = g.library
    return library


def _fields() -> list[tuple[str, str]]:
    """What was posted, in its order. Raises TooLarge."""
    try:
        return list(request.form.items(multi=True))
    except RequestEntityTooLarge:
        raise TooLarge("All answers together are larger than a file here may be. Shorten the longest text, and link to "
                       "long documents instead. Your browser’s “back” leads to what you wrote.") from None


def _is_upload() -> bool:
    """Whether a form was sent that a file can be chosen in."""
    return request.mimetype == "multipart/form-data"


def _posted(name: str) -> list[str]:
    return [value for given, value in _fields() if given == name]


@contextmanager
def _one_of(places: threading.BoundedSemaphore, busy: str) -> Iterator[None]:
    """Does something that few may do at a time. Raises Busy at once where all places are taken: whoever waits for one
    keeps a thread from those who search."""
    if not places.acquire(blocking=False):
        raise Busy(f"{busy} {LATER}")
    try:
        yield
    finally:
        places.release()


def _rendered(text: str) -> tuple[Rendered | None, str]:
    """A text as HTML, or why there is none. Raises Busy."""
    if reasons := [spoken(f"{found.message} {found.remedy}") for found in mistakes(text)]:
        return None, reasons[0]
    with _one_of(_rendering, "Others are looking at their texts just now."):
        try:
            rendered, refused = render_all({"": text}, lambda key: None, SECONDS_TO_RENDER, SECONDS_TO_START)
        except RuntimeError:  # The machine has no room for another process.
            raise Busy(f"The library has too much to do to show a text just now. {LATER}") from None
    return rendered.get(""), refused.get("", "")


def _every(shown: list[Widget]) -> Iterator[Widget]:
    """All controls with those in their groups."""
    waiting = list(shown)
    while waiting:
        widget = waiting.pop()
        yield widget
        waiting += widget.parts
        for record in widget.records:
            waiting += record
