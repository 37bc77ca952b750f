"""The examples of the README, run as they stand there against a library that is served."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.chromium import served
from flask.testing import FlaskClient

from innoshare.library import Library
from innoshare.web import create_app

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
PLACE = "http://localhost:8000"  # The library that the README speaks of.
SECONDS = 60


@pytest.fixture(scope="module")
def site(own_library: Library) -> Iterator[str]:
    with served(create_app(own_library)) as address:
        yield address


def example(language: str) -> str:
    """The one program in this language that asks the API."""
    (block,) = (block for block in re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
                if PLACE in block)
    return str(block)


def run(site: str, command: list[str], program: str, folder: Path) -> str:
    assert PLACE in f"{command} {program}"
    done = subprocess.run([word.replace(PLACE, site) for word in command], input=program.replace(PLACE, site),
                          cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def expected(client: FlaskClient, site: str) -> str:
    """What both programs print: the cases of a search, the verdict about a challenge and its matches."""
    (text,) = set(re.findall(r'challenge"?: "(Cellars [^"]+)"', README))
    hits = client.get("/api/v1/search?q=flood&theme=climate-adaptation", base_url=site).json["hits"]
    found = client.post("/api/v1/match", json={"challenge": text}).json
    assert hits
    assert found["verdict"] == "solved"
    return "".join(f"{line}\n" for line in (
        *(f"{hit['title']} {hit['url']}" for hit in hits), found["verdict"],
        *(f"{match['strength']} {match['case']['title']}" for match in found["matches"])))


def test_curl_gets_what_the_readme_says(site: str, tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    lines = [line for line in re.findall(r"^curl .*$", README, re.MULTILINE) if PLACE in line]
    answers = {line: run(site, [*shlex.split(line), "--fail", "--silent", "--show-error"], "", tmp_path)
               for line in lines}
    search, match = (json.loads(answer) for line, answer in answers.items() if re.search(r"v1/(search|match)\?", line))
    assert search["total"] == len(search["hits"]) > 0
    assert match["verdict"] == "solved"
    for line in lines:
        if line.startswith("curl -O "):
            (file,) = tmp_path.iterdir()
            assert file.stat().st_size > 100, line
            file.unlink()


def test_the_example_in_python_runs(site: str, own_library: Library, tmp_path: Path) -> None:
    printed = run(site, [sys.executable, "-I", "-X", "utf8", "-"], example("python"), tmp_path)
    assert printed == expected(create_app(own_library).test_client(), site)


def test_the_example_in_javascript_runs(site: str, own_library: Library, tmp_path: Path) -> None:
    if not shutil.which("node"):
        pytest.skip("Node is not installed")
    printed = run(site, ["node", "--input-type=module", "-"], example("js"), tmp_path)
    assert printed == expected(create_app(own_library).test_client(), site)
