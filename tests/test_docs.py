"""What the words promise is so: settings, commands, addresses and links of README and CONTRIBUTING."""

import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from innoshare.case import Case
from innoshare.cli import main
from innoshare.config import Settings

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_the_readme_lists_every_setting_with_its_default_and_help() -> None:
    rows = re.findall(r"^\| `INNOSHARE_(\w+)` \| (.*?) ?\| (.*) \|$", README, re.MULTILINE)
    assert [(name.lower(), default.strip("` "), help_) for name, default, help_ in rows] == [
        (name, str(field.default), field.description) for name, field in Settings.model_fields.items()]


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
        name, *arguments = shlex.split(line)
        assert name in main.commands, line
        main.commands[name].make_context(name, arguments, obj=Settings(content=PROJECT / "content"))


def test_links_to_files_lead_somewhere() -> None:
    for text in (README, CONTRIBUTING):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)\)", text):
            assert (PROJECT / target).exists(), target


def test_contributing_explains_every_required_field_and_no_other() -> None:
    explained = set(re.findall(r"`([a-z_]+)`", " ".join(re.findall(r"^\| (`.*?`) \|", CONTRIBUTING, re.MULTILINE))))
    required = {name for name, field in Case.front_matter() if field.is_required()}
    assert required <= explained
    assert explained <= {name for name, _ in Case.front_matter()}
