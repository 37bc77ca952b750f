"""What the check says of a file, to those who answered questions.

A person who fills in a form has never seen the header of a file, so what the check says about a line becomes what to do
about a question: `question_of` finds which, `level_of` how much it weighs, `as_asked` the words. `spoken` is for what
is said of a text alone.
"""

import re

from innoshare.content.mending import called, capital, steps_of
from innoshare.errors import Level, Problem
from innoshare.web.questions import SECTIONS, Given, Kind, starred, title_of


def question_of(kind: Kind, answers: Given, problem: Problem, body_line: int, starts: list[tuple[int, str]]) -> str:
    """The question that a Problem is about."""
    if problem.field == "body":
        if match := _NO_SECTION.match(problem.message):
            return next((name for name, section in SECTIONS.items() if section.label == match[1]), starts[0][1])
        return [name for line, name in starts if line <= max(0, problem.line - body_line)][-1]
    if problem.field == "city" and not answers.text("city"):
        return "city_new" if answers.text("city_new") else "city"
    parent = problem.field.rpartition(".")[0]
    path = parent if starred(parent) in kind.names and starred(problem.field) not in kind.names else problem.field
    return path if kind.step_of(path) is not None else ""


def level_of(path: str, problem: Problem) -> Level:
    """How much a Problem weighs: that there is no profile of a city yet is advice, for it may come together with this.
    When all lies where it is to be, the check says what is missing. A day on which nobody can have read or counted
    anything yet was mistyped, and is told at its step."""
    if path == "city_new" and _NO_CITY.match(problem.message):
        return "advice"
    return "error" if _IN_FUTURE in problem.message and path.endswith(_BEHIND_US) else problem.level


_IN_FUTURE, _BEHIND_US = "which lies in the future", (".accessed", "population_year")
_NO_CITY = re.compile(r"There is no city `([^`]+)`|The file of `([^`]+)` has mistakes")
_MISSING = re.compile(r"`[^`]+` (is missing|has no value)")
_NO_SECTION = re.compile(r"The section `([^`]+)` is missing|A case has five sections")
_EMPTY_SECTION = re.compile(r"The section `[^`]+` is empty")

# What a remedy says to those who write a file, and what it says here.
_FOR_FILES: tuple[tuple[re.Pattern[str], str], ...] = tuple((re.compile(pattern), words) for pattern, words in (
    (r"Write the name of a file in \S+/cases, without \.md, or add that file\.",
     "Look it up here, and copy the end of its address, behind /cases/."),
    (r"Write the name of a file in \S+/cities, without \.md, or add that file\.", "Choose it in the list."),
    (r"the name of a file without \.md: ", "a short name: "),
    (r", or `unknown`", ", or tick “Not known”"),
    (r"\bor remove the line\b", "or leave it empty"),
    (r", behind the colon", ""),
    (r", or write what is planned in the text below\.", "."),
    (r"\bin the text below\b", "in the longer text"),
    (r", in quotes\b", ""),
    (r"(`# [^`]*`) is the heading of a whole page\..*",
     r"\1 is written as a heading. Take out the # at the start of the line; the heading is there already."),
    (r"HTML is not allowed: (`[^`]*`)\. Use Markdown.*",
     r"\1 is a mark as web pages have them (HTML), and readers would see it as it stands. Take out all such marks, "
     "from < to >; for bold letters write **words**. Where you mean “less than”, put a space behind <."),
    (r"`\"([^`]*)\"`", r"`\1`"),
    (r"in the header under `results`, each with `metric`, `value` and `source`",
     "under `results`, each with its source"),
    (r"behind `url`", "that you name"),
    (r", but `status` is `open`", ""),
    (r"; if it has found one, write `status: solved` and name the case under `answered_by`", ""),
))
_OTHER_FIELD = re.compile(r"(?<=\bunder )`([a-z_.]+)`|(?<=\bbefore )`([a-z_.]+)`")


def as_asked(kind: Kind, answers: Given, path: str, problem: Problem) -> str:
    """A Problem in the words of the form."""
    question = f"“{title_of(kind, path)}”"
    if _MISSING.match(problem.message) and path:
        return unanswered(kind, path)
    if _EMPTY_SECTION.match(problem.message):
        return f"{question} is still empty. Write at least a sentence; if nothing is known, say so."
    if _NO_SECTION.match(problem.message):
        return (f"{question} cannot be told from the other texts: a block of code goes on from one to the next. Close "
                "it.")
    if path == "city_new" and (city := _NO_CITY.match(problem.message)):
        return in_quotes(_of_a_new_city(kind, city, problem))
    said = _reworded(f"{problem.message} {problem.remedy}")
    # A word is the name of a field where a Problem begins with it, or where it stands behind “under” or “before”. Any
    # other one is a value, and stays as it is, though a field may be called so.
    item = steps_of(problem.field)[-1]
    said = asked_as(said, problem, f"Line {_line(answers, path, item + 1)} of {question}" if isinstance(item, int)
                    else question)
    asked = kind.names | {name.partition(".")[0] for name in kind.names}
    return in_quotes(_OTHER_FIELD.sub(
        lambda match: f"“{title_of(kind, match[0][1:-1])}”" if starred(match[0][1:-1]) in asked else match[0], said))


def asked_as(said: str, problem: Problem, question: str) -> str:
    """What is said of a Problem, with the question where it begins with the place in the file."""
    place = capital(called(steps_of(problem.field)))
    return question + said.removeprefix(place) if place and said.startswith(place) else said


def spoken(said: str) -> str:
    """What is said of a text, in the words of the form."""
    return in_quotes(_reworded(said))


def _reworded(said: str) -> str:
    for pattern, words in _FOR_FILES:
        said = pattern.sub(words, said)
    return said


def _of_a_new_city(kind: Kind, found: re.Match[str], problem: Problem) -> str:
    if found[2]:
        return f"There is a profile of `{found[2]}` in the library, but it has mistakes. They must be mended first."
    like = re.match(r"Did you mean `[^`]+`\? ", problem.remedy)
    return (f"There is no city `{found[1]}` in the library yet. {like[0] if like else ''}Its profile can come together "
            f"with this {kind.noun}: the link at this question leads to the form for it.")


def _line(answers: Given, path: str, number: int) -> int:
    """In which line somebody wrote an item of a list, counted from 1; empty lines are no items."""
    lines = enumerate("\n".join(answers.all(path)).split("\n"), 1)
    return next(iter([line for line, text in lines if text.strip()][number - 1 :]), number)


def too_many(kind: Kind, path: str, count: int, most: int) -> str:
    return f"“{title_of(kind, path)}” has {count:,} entries; at most {most} are allowed. Keep the most important ones."


def unanswered(kind: Kind, path: str) -> str:
    return f"“{title_of(kind, path)}” is not answered yet." + (
        " Tick “Not known” if nobody knows." if starred(path) in kind.unknowable else "")


def in_quotes(text: str) -> str:
    """A message with quotation marks in place of the backticks that files have."""
    return re.sub("`([^`]*)`", r"“\1”", text)
