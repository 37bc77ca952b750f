"""What the words promise is so: settings, commands, addresses and links of README and CONTRIBUTING."""

import re
import shlex
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from innoshare import content
from innoshare.cli import main
from innoshare.config import Settings

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_readme_lists_every_setting_with_its_default_and_help() -> None:
    rows = re.findall(r"^\| `INNOSHARE_(\w+)` \| (.*?) ?\| (.*) \|$", README, re.MULTILINE)
    assert [(name.lower(), default.strip("` "), help_) for name, default, help_ in rows] == [
        (name, ",".join(field.default) if isinstance(field.default, tuple) else str(field.default), field.description)
        for name, field in Settings.model_fields.items()]


def test_the_readme_names_every_command_and_each_has_help() -> None:
    for name, command in main.commands.items():
        assert f"`innoshare {name}" in README or f"`{name}`" in README, name
        assert command.help


def test_the_two_commands_of_the_readme_are_one_line_each() -> None:
    lines = [line for line in README.splitlines() if line.startswith("python3 -m venv")]
    assert len(lines) == 2
    assert lines[0].endswith("innoshare serve")
    assert lines[1].endswith("pytest")


def test_the_addresses_in_the_readme_answer(client: FlaskClient) -> None:
    addresses = re.findall(r"curl '(\S+)'", README)
    assert addresses
    for address in addresses:
        parts = urlsplit(address)
        assert client.get(f"{parts.path}?{parts.query}").status_code == 200, address
    for path in re.findall(r"`(/(?:api/v1/\w+|healthz|readyz))`", README):
        assert client.get(path).status_code in (200, 400), path


def test_the_commands_in_the_readme_are_right(capfd: pytest.CaptureFixture[str]) -> None:
    for line in re.findall(r"^\.venv/bin/innoshare (.*)$", README, re.MULTILINE):
        name, *arguments = shlex.split(line, comments=True)
        assert name in main.commands, line
        main.commands[name].make_context(name, arguments, obj=Settings(content=PROJECT / "content"))


def test_links_to_files_and_headings_lead_somewhere() -> None:
    for own, text in (("README.md", README), ("CONTRIBUTING.md", CONTRIBUTING)):
        for target, heading in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", text):
            path = PROJECT / (target or own)
            assert path.exists(), target
            if heading:
                headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
                anchors = [re.sub(r"[^\w -]", "", words).lower().replace(" ", "-") for words in headings]
                assert heading in anchors, heading


def test_contributing_shows_what_the_check_says(runner: CliRunner, folder: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    path = folder / "cases" / "testby-night-buses.md"
    path.write_text(path.read_text(encoding="utf-8").replace("start: 2019-09", "start: soon"), encoding="utf-8")
    told = runner.invoke(main, ["check", str(path.relative_to(folder.parent))]).stdout.partition("\n\n")[0]
    assert f"```text\n{told}\n```" in CONTRIBUTING

    own = folder.parent / "own" / "content"
    shutil.copytree(PROJECT / "content" / "vocabulary", own / "vocabulary")
    path = own / "vocabulary" / "concepts" / "climate-adaptation.yaml"
    before, flood, after = path.read_text(encoding="utf-8").partition("\nflood:")
    path.write_text(before + flood + re.sub(r"(synonyms:\s+en: \[.*)\]", r"\1, cloudburst]", after, count=1),
                    encoding="utf-8")
    (problem,) = content.read(own).problems
    assert f"`cloudburst` already stands for the concept `heavy-rain` in {problem.path}." == problem.message
    assert problem.message in CONTRIBUTING
    assert problem.remedy in CONTRIBUTING
