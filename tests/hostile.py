"""A library of hostile words: the small cases, with what would break out of a page in every text that the check allows.

Built once for the whole run, for those who read it as pages and as components; nobody changes it.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from innoshare import edition
from innoshare.config import Settings
from innoshare.content.frontmatter import read
from innoshare.library import Library
from innoshare.web import create_app

CASES = Path(__file__).parent / "cases"
FOLDERS = ("cases", "challenges", "cities")
BREAK_OUT = "</script></title>\"'><i id=pwned><!--{{7*7}}]]>"

Attacked = tuple[FlaskClient, Library, Path]


def leaves(value: Any, *steps: str | int) -> Iterator[tuple[str | int, ...]]:
    """The places of all texts."""
    if isinstance(value, str):
        yield steps
    for key, item in value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ()):
        yield from leaves(item, *steps, key)


def hostile(library: Library, kind: str, path: Path) -> tuple[str, int]:
    """The file with BREAK_OUT in every text that the check allows it in, and in how many."""
    parts = read(path.read_bytes(), "x")
    body = parts.body.replace("\n\n", f"\n\n`{BREAK_OUT}`\n\n", 1)
    count = 0

    def text() -> str:
        return f"---\n{json.dumps(parts.values, ensure_ascii=False)}\n---\n{body}"

    for *steps, last in list(leaves(parts.values)):
        here: Any = parts.values
        for step in steps:
            here = here[step]
        before = here[last]
        for value in (f"{before} {BREAK_OUT}", BREAK_OUT):
            here[last] = value
            if library.proofread(kind, path.stem, text())[0]:
                count += 1
                break
            here[last] = before
    return text(), count


@pytest.fixture(scope="session")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """The pages of a library of hostile words, the library, and its content."""
    root = tmp_path_factory.mktemp("attacked")
    folder = shutil.copytree(CASES, root / "content")
    settings = Settings(content=folder, data=root / "data")
    edition.build(folder, settings.data, strict=True)
    library = Library.open(settings)
    texts = {path: hostile(library, place, path) for place in FOLDERS for path in sorted((folder / place).glob("*.md"))}
    library.close()
    assert sum(count for _, count in texts.values()) > 80
    for path, (text, _) in texts.items():
        path.write_text(text, encoding="utf-8")
    edition.build(folder, settings.data, strict=True)
    library = Library.open(settings)
    yield create_app(library).test_client(), library, folder
    library.close()
