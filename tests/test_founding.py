"""A new library is served at once, its settings are read back, and nothing that is there is touched."""

import io
import re
import resource
import shutil
import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from innoshare import __version__, content, edition, founding
from innoshare.cli import main
from innoshare.config import Settings
from innoshare.errors import BadInput
from innoshare.forge import Kind
from innoshare.library import Library
from innoshare.web import create_app

PROJECT = Path(__file__).parent.parent


def files(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*")
            if path.is_file()}


def without_concepts(library: Path) -> None:
    """Take away the words for concepts, which the project's own content is tested with: a library is built of them for
    ten seconds, and without them at once."""
    shutil.rmtree(library / "content" / "vocabulary" / "concepts")


def test_a_new_library_has_no_mistake_and_is_served_at_once(tmp_path: Path) -> None:
    founding.found(tmp_path / "lib", name="Nordic cities share")
    read = content.read(tmp_path / "lib" / "content")
    assert not read.problems
    assert list(read.cases) == ["exampleton-library-of-things"]
    assert read.concepts
    without_concepts(tmp_path / "lib")
    settings = Settings(content=tmp_path / "lib" / "content", data=tmp_path / "data", name="Nordic cities share")
    assert edition.build(settings.content, settings.data, strict=True).fresh
    library = Library.open(settings)
    try:
        client = create_app(library, settings).test_client()
        page = client.get("/cases/exampleton-library-of-things")
        assert page.status_code == 200
        assert "Nordic cities share" in page.text
        assert "This is an example" in page.text
        for path in ("/", "/cities/exampleton", "/search?q=tools", "/about"):
            assert client.get(path).status_code == 200, path
    finally:
        library.close()


def test_what_the_example_says_of_itself() -> None:
    for path in ("cases/exampleton-library-of-things.md", "cities/exampleton.md"):
        text = (PROJECT / "innoshare" / "skeleton" / path).read_text(encoding="utf-8")
        assert "example" in text.splitlines()[1].casefold()
        assert "exist" in text


@pytest.mark.parametrize("name", [
    'Städte "teilen" \\ [x] # y', '"\\ncolour = "#ffffff', "''' \"\"\" \\u0041 \\", "@@VERSION@@ @@INSTALL@@",
    "{name}\U0001f3d9"])
def test_settings_are_read_back_as_they_were_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    founding.found(tmp_path / "lib", name=name, colour="#7A1030", languages=("fi", "de"), forge="forgejo",
                   repository="https://git.stadt.example/a/b.git")
    monkeypatch.chdir(tmp_path / "lib")
    settings = Settings()
    assert (settings.name, settings.colour, settings.languages, settings.repository, settings.forge) == (
        name, "#7a1030", ("fi", "de"), "https://git.stadt.example/a/b", "forgejo")
    assert f"# {name}" in Path("README.md").read_text(encoding="utf-8")
    assert settings.branch == "main"


def test_what_is_not_set_stands_in_the_settings_as_a_remark(tmp_path: Path) -> None:
    founding.found(tmp_path, name="x")
    text = (tmp_path / "innoshare.toml").read_text(encoding="utf-8")
    assert set(tomllib.loads(text)) == {"name", "colour", "languages", "branch"}
    assert '# repository = "https://github.com/example/library"' in text


def test_nothing_is_left_to_be_filled_and_the_version_is_pinned(tmp_path: Path) -> None:
    written = founding.found(tmp_path, name="x", today=date(2026, 5, 31))
    texts = files(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for path in written} == set(texts)
    assert not [path for path, text in texts.items() if "@@" in text]
    assert f"\ninnoshare=={__version__}\n" in texts["requirements.txt"]
    assert "updated: 2026-05-31" in texts["content/cases/exampleton-library-of-things.md"]
    own = files(PROJECT / "content" / "vocabulary")
    assert {path: texts[f"content/vocabulary/{path}"] for path in own} == own
    for path in ("content/LICENSE", "content/challenges/.gitkeep", ".gitignore", "CONTRIBUTING.md"):
        assert path in texts


@pytest.mark.parametrize(("repository", "forge", "kinds"), [
    ("", "", {".github", ".gitlab", ".forgejo"}), ("https://github.com/a/b", "", {".github"}),
    ("https://gitlab.com/a/b", "", {".gitlab"}), ("", "gitlab", {".gitlab"}),
    ("https://codeberg.org/a/b", "", {".forgejo"}), ("https://git.stadt.example/a/b", "forgejo", {".forgejo"})])
def test_what_a_code_host_needs_is_written_for_the_one_that_is_known(tmp_path: Path, repository: str, forge: Kind,
                                                                     kinds: set[str]) -> None:
    founding.found(tmp_path, name="x", repository=repository, forge=forge)
    hidden = {path.split("/")[0].removesuffix("-ci.yml") for path in files(tmp_path) if path.startswith(".")}
    assert hidden - {".gitignore"} == kinds
    assert (tmp_path / ".github" / "workflows" / "comment.yml").exists() == (".github" in kinds)
    assert (tmp_path / ".gitlab-ci.yml").exists() == (".gitlab" in kinds)


@pytest.mark.parametrize("folder", ["", "lib", "deeper/lib"])
def test_where_the_disk_is_full_nothing_is_left(tmp_path: Path, folder: str) -> None:
    (tmp_path / ".git").mkdir()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5_000, hard))  # bytes: more than the first files have
    try:
        with pytest.raises(BadInput, match=r"^DIR: .* cannot be written"):
            founding.found(tmp_path / folder, name="x")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.rglob("*")] == [".git"]


def test_a_clone_of_an_empty_repository_counts_as_empty(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    founding.found(tmp_path, name="x")
    assert (tmp_path / "content" / "cases").is_dir()


def test_a_folder_that_is_not_empty_is_left_alone_and_what_is_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(BadInput, match=r"letter\.txt"):
        founding.found(tmp_path, name="x")
    assert files(tmp_path) == {"letter.txt": "mine"}
    for number in range(20):
        (tmp_path / f"{number:02}").touch()
    with pytest.raises(BadInput, match="and 16 more"):
        founding.found(tmp_path, name="x")
    with pytest.raises(BadInput, match="no folder"):
        founding.found(tmp_path / "letter.txt", name="x")
    with pytest.raises(BadInput, match="cannot be written"):
        founding.found(tmp_path / "letter.txt" / "deeper", name="x")


@pytest.mark.parametrize(("option", "value"), [
    ("name", ""), ("name", "x" * 61), ("name", "two\nlines"), ("name", "\x7f"), ("colour", "yellow"),
    ("colour", "#ffff00"), ("languages", ("xx",)), ("repository", "cities"), ("forge", "sourceforge")])
def test_an_option_that_cannot_be_followed_is_named_and_nothing_written(tmp_path: Path, option: str, value: str
                                                                        ) -> None:
    given = {"name": "x", option: value}
    with pytest.raises(BadInput, match=f"^--{option.removesuffix('s')}:"):
        founding.found(tmp_path / "lib", **given)  # type: ignore[arg-type]
    assert not (tmp_path / "lib").exists()


def test_the_command_says_what_to_do_next_and_what_it_says_works(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["init", str(tmp_path / "lib"), "--name", "Ours", "--language", "en,fi",
                                       "--language", "sv"])
    assert result.exit_code == 0, result.stderr
    assert "innoshare serve" in result.stdout
    spaced = CliRunner().invoke(main, ["init", str(tmp_path / "two words"), "--name", "Ours"])
    assert f"  cd '{tmp_path / 'two words'}'\n" in spaced.stdout
    assert tomllib.loads((tmp_path / "lib" / "innoshare.toml").read_text())["languages"] == ["en", "fi", "sv"]
    without_concepts(tmp_path / "lib")
    for command in (["check"], ["build", "--strict"], ["search", "tools"]):
        done = subprocess.run([sys.executable, "-m", "innoshare", *command], cwd=tmp_path / "lib", check=False,
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    again = CliRunner().invoke(main, ["init", str(tmp_path / "lib")])
    assert again.exit_code == 2
    assert "not empty" in again.stderr


def test_who_answers_wrongly_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.BytesIO):
        def isatty(self) -> bool:
            return True

    typed = ["x" * 61, "", "Ours", "cities", "", "https://git.city.example/a/b", "forgejo", "", ""]
    result = CliRunner().invoke(main, ["init", str(tmp_path / "lib")], Terminal("\n".join([*typed, ""]).encode()))
    assert result.exit_code == 0, result.stderr
    for words in ("at most 60", "not the address of a repository", "What kind of site"):
        assert words in result.stderr, words
    settings = tomllib.loads((tmp_path / "lib" / "innoshare.toml").read_text())
    assert (settings["name"], settings["repository"], settings["forge"]) == (
        "Ours", "https://git.city.example/a/b", "forgejo")
    again = CliRunner().invoke(main, ["init", str(tmp_path / "lib")], Terminal(b"\n\n"))
    assert again.exit_code == 2
    assert "called?" not in again.stderr, "nobody is asked for what cannot be done"


def test_links_of_the_texts_lead_somewhere(tmp_path: Path) -> None:
    founding.found(tmp_path, name="x")
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        headings = [words.lower().replace(" ", "-") for words in re.findall(r"^#+ (.+)$", text, re.MULTILINE)]
        for target in [part.split(")")[0] for part in text.split("](")[1:]]:
            assert (target.removeprefix("#") in headings if target.startswith("#") else
                    target.startswith("http") or (tmp_path / target).exists()), target


def test_where_the_buttons_are_is_told_in_every_library_as_in_this_project(tmp_path: Path) -> None:
    founding.found(tmp_path, name="x")
    own, new = ((folder / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("# Where the buttons are\n")[2]
                for folder in (PROJECT, tmp_path))
    tables = [[line for line in text.partition("\n#")[0].splitlines() if line.startswith("|")] for text in (own, new)]
    assert tables[0] == tables[1]
    assert len(tables[0]) > 3


def test_this_projects_own_workflows_are_made_of_the_same_files() -> None:
    for path, text in founding.own_workflows().items():
        assert (PROJECT / path).read_text(encoding="utf-8") == text, (
            f"{path} is not current. Write it anew: python -c \"from innoshare import founding; "
            "from pathlib import Path; [Path(p).write_text(t) for p, t in founding.own_workflows().items()]\"")
