"""What the tests share.

Strategy: nothing of ours is replaced by a stand-in. `cases/` is a small content folder of made-up cases in made-up
cities; it is read, rendered, indexed and opened once for the whole run, by the code that serves everybody. A test
that changes content copies that folder. A peculiar case is written inline, where it is needed. No test needs the
network; those marked `browser` need Chromium.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from hostile import attacked

from innoshare import edition
from innoshare.config import Settings
from innoshare.library import Library
from innoshare.web import create_app

__all__ = ("attacked",)  # A fixture.

TESTS = Path(__file__).parent
PROJECT = TESTS.parent


@pytest.fixture(scope="session", autouse=True)
def no_limits() -> Iterator[None]:
    """Tests ask faster than people do, all from one address. Limits have tests of their own."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("INNOSHARE_RATELIMIT", "none")
        yield


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a library of the small cases, built."""
    made = Settings(content=TESTS / "cases", data=tmp_path_factory.mktemp("data"))
    built = edition.build(made.content, made.data, strict=True)
    assert built.fresh, built.problems
    return made


@pytest.fixture(scope="session")
def library(settings: Settings) -> Iterator[Library]:
    """The library of the small cases."""
    opened = Library.open(settings)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def own_library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The library of the real content."""
    made = Settings(content=PROJECT / "content", data=tmp_path_factory.mktemp("own"))
    edition.build(made.content, made.data, strict=True)
    opened = Library.open(made)
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the small content folder, to change as one likes."""
    return shutil.copytree(TESTS / "cases", tmp_path / "content")


@pytest.fixture
def app(library: Library) -> Flask:
    return create_app(library)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """Runs commands on a copy of nothing: settings point to the small cases and to an empty data folder."""
    monkeypatch.setenv("INNOSHARE_CONTENT", str(TESTS / "cases"))
    monkeypatch.setenv("INNOSHARE_DATA", str(tmp_path / "data"))
    return CliRunner()
