"""Commands do what they say, with the exit status and the streams that scripts rely on."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from innoshare.cli import main
from innoshare.search import SIDES


def test_build_twice(runner: CliRunner) -> None:
    first = runner.invoke(main, ["build"])
    assert first.exit_code == 0, first.output
    assert "Built edition" in first.stderr
    assert "Nothing has changed" in runner.invoke(main, ["build"]).stderr


def test_build_of_bad_content_says_so(runner: CliRunner, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNOSHARE_CONTENT", str(folder))
    (folder / "cases" / "bad.md").write_text("no header\n", encoding="utf-8")
    strict = runner.invoke(main, ["build", "--strict"])
    assert strict.exit_code == 1
    assert "Nothing was published" in strict.stderr
    lenient = runner.invoke(main, ["build"])
    assert lenient.exit_code == 0
    assert "innoshare check" in lenient.stderr
    again = runner.invoke(main, ["build", "--strict"])
    assert again.exit_code == 1, "also where the flawed content is published already"


def test_content_without_a_single_good_case_is_no_library(runner: CliRunner, folder: Path,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNOSHARE_CONTENT", str(folder))
    for path in (folder / "cases").glob("*.md"):
        path.write_text("no header\n", encoding="utf-8")
    assert runner.invoke(main, ["build"]).exit_code == 1
    for command in (["serve"], ["search", "x"], ["match", "a long enough challenge"]):
        result = runner.invoke(main, command)
        assert result.exit_code == 1
        assert "innoshare check" in result.stderr


def test_check_is_silent_about_good_content_and_loud_about_bad(runner: CliRunner, folder: Path) -> None:
    assert runner.invoke(main, ["check", str(folder)]).exit_code == 0
    bad = folder / "cases" / "bad.md"
    bad.write_text("no header\n", encoding="utf-8")
    for path in (folder, bad):
        result = runner.invoke(main, ["check", str(path)])
        assert result.exit_code == 1
        assert "content/cases/bad.md:1" in result.stdout
    good = next(path for path in sorted((folder / "cases").glob("*.md")) if path != bad)
    assert runner.invoke(main, ["check", str(good)]).exit_code == 0


def test_check_as_json_prints_problems_and_nothing_else(runner: CliRunner, folder: Path) -> None:
    (folder / "cases" / "bad.md").write_text("no header\n", encoding="utf-8")
    problems = json.loads(runner.invoke(main, ["check", str(folder), "--format", "json"]).stdout)
    assert problems
    assert set(problems[0]) == {"path", "line", "column", "field", "level", "message", "remedy"}


def test_check_tells_of_a_link_and_of_a_file_that_is_nowhere(runner: CliRunner, folder: Path) -> None:
    (folder / "cases" / "link.md").symlink_to(folder / "cases" / "sandhaven-rent-fund.md")
    (folder / "stray.md").write_text("# Hello\n", encoding="utf-8")
    for name, says in (("cases/link.md", "link"), ("stray.md", "in no content folder")):
        result = runner.invoke(main, ["check", str(folder / name)])
        assert result.exit_code == 1
        assert says in result.stdout


def test_check_of_what_is_not_there_is_wrong_use(runner: CliRunner, tmp_path: Path) -> None:
    assert runner.invoke(main, ["check", str(tmp_path / "nothing")]).exit_code == 2


def test_search_prints_hits_and_json(runner: CliRunner) -> None:
    text = runner.invoke(main, ["search", "city"])
    assert text.exit_code == 0, text.output
    assert re.search(r"\d+ cases? found", text.stdout)
    body = json.loads(runner.invoke(main, ["search", "", "--json"]).stdout)
    assert body["total"] == len(body["hits"]) > 0
    theme = body["facets"]["theme"][0]
    narrowed = json.loads(runner.invoke(main, ["search", "", "--filter", f"theme={theme['value']}", "--json"]).stdout)
    assert narrowed["total"] == theme["count"]


@pytest.mark.parametrize("arguments", [
    ["search", "x", "--filter", "theme"], ["search", "x", "--filter", "theme=nonsense"],
    ["search", "x", "--filter", "colour=red"], ["search", "x" * 300], ["match", "short"],
    ["match", "a long enough challenge", "--city", "atlantis"], ["nonsense"],
])
def test_wrong_use_is_status_2_with_a_sentence(runner: CliRunner, arguments: list[str]) -> None:
    result = runner.invoke(main, arguments)
    assert result.exit_code == 2
    assert len(result.stderr) > 20
    assert "Traceback" not in result.output


def test_match_reads_a_challenge_from_standard_input(runner: CliRunner) -> None:
    result = runner.invoke(main, ["match", "-"], input="The ballet shoes of our opera house are worn out entirely")
    assert result.exit_code == 0, result.output
    assert "Nobody in this library has solved this yet" in result.stdout


def test_evaluate_knows_the_sides_of_the_port() -> None:
    (without,) = [option for option in main.commands["evaluate"].params if option.name == "without"]
    assert isinstance(without.type, click.Choice)
    assert set(without.type.choices) == SIDES


def test_a_challenge_may_be_in_another_language_than_the_cases(runner: CliRunner) -> None:
    body = json.loads(runner.invoke(main, ["match", "Nachts fahren die Nachtbusse leer, und Pflegekräfte kommen nicht "
                                                    "nach Hause", "--language", "de", "--json"]).stdout)
    assert body["language"] == "de"
    wrong = runner.invoke(main, ["match", "three plain words", "--language", "tlh"])
    assert wrong.exit_code == 2
    assert "choose from en, sv" in wrong.stderr


def test_match_prints_the_body_of_the_api(runner: CliRunner) -> None:
    slug = json.loads(runner.invoke(main, ["search", "", "--json"]).stdout)["hits"][0]["slug"]
    challenge = (Path(__file__).parent / "cases" / "cases" / f"{slug}.md").read_text(encoding="utf-8")
    sentence = re.search(r"^challenge: *(?:>-\s*)?(.*?)^\S", challenge, re.M | re.S)
    assert sentence
    body = json.loads(runner.invoke(main, ["match", " ".join(sentence[1].split()), "--json"]).stdout)
    assert body["verdict"] in ("solved", "related")
    assert slug in [match["case"]["slug"] for match in (*body["matches"], *body["cautions"])]


def test_evaluate_prints_figures_and_writes_a_run(runner: CliRunner, tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNOSHARE_CONTENT", str(Path(__file__).parent.parent / "content"))
    judged = str(Path(__file__).parent / "judged")
    result = runner.invoke(main, ["evaluate", judged, "--json", "--run", str(tmp_path / "run.trec")])
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert 0 < figures["library"]["all"]["ndcg"] <= 1
    assert set(figures["library"]) == set(figures["baseline"])
    assert re.fullmatch(r"\S+ Q0 \S+ 1 [0-9.]+ innoshare", (tmp_path / "run.trec").read_text().splitlines()[0])


def test_evaluate_of_a_broken_collection_is_status_1(runner: CliRunner, tmp_path: Path) -> None:
    result = runner.invoke(main, ["evaluate", str(tmp_path)])
    assert result.exit_code == 1
    assert "queries.jsonl" in result.stderr


def test_serve_builds_answers_and_ends_when_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "innoshare", "serve", "--port", str(port)], stderr=subprocess.PIPE, text=True,
        env={"PATH": "/usr/bin:/bin", "INNOSHARE_CONTENT": str(Path(__file__).parent / "cases"),
             "INNOSHARE_DATA": str(tmp_path / "data")})
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                    assert json.load(answer)["ready"]
                break
            except OSError:
                assert process.poll() is None, process.stderr and process.stderr.read()
                assert time.monotonic() < deadline
                time.sleep(0.1)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)
        assert process.stderr
        process.stderr.close()


def test_a_taken_port_and_a_host_that_is_not_here_are_told(runner: CliRunner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for place in (["--port", str(taken.getsockname()[1])], ["--host", "nowhere.invalid"]):
            # In a process of its own: waitress leaves the socket that it could not bind to the end of the process.
            done = subprocess.run([sys.executable, "-m", "innoshare", "serve", *place], capture_output=True, text=True,
                                  check=False)
            assert done.returncode == 2
            assert "--port" in done.stderr
            assert "Traceback" not in done.stderr


def test_old_answers_are_not_given_silently(runner: CliRunner, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNOSHARE_CONTENT", str(folder))
    assert runner.invoke(main, ["build"]).exit_code == 0
    for path in (folder / "cases").glob("*.md"):
        path.write_text("no header\n", encoding="utf-8")
    result = runner.invoke(main, ["search", "city"])
    assert result.exit_code == 0
    assert "the last edition answers" in result.stderr


def test_where_there_is_no_library_each_command_says_how_to_begin_and_leaves_nothing(
        runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNOSHARE_CONTENT", "content")
    monkeypatch.setenv("INNOSHARE_DATA", ".innoshare")
    monkeypatch.chdir(tmp_path)
    for command in ("serve", "build", "search x", "match nobody-knows", "stats", "stale", "schema", "new case"):
        result = runner.invoke(main, command.split())
        assert result.exit_code == 2, command
        assert "innoshare init" in result.stderr, command
        assert "last edition" not in result.stderr, command
    assert not list(tmp_path.iterdir())


def test_content_without_a_vocabulary_can_be_counted(runner: CliRunner, tmp_path: Path,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNOSHARE_CONTENT", str(tmp_path))
    assert runner.invoke(main, ["stats"]).exit_code == 0


def test_where_all_cases_are_drafts_it_says_so(runner: CliRunner, folder: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNOSHARE_CONTENT", str(folder))
    for path in (folder / "cases").glob("*.md"):
        path.write_text(re.sub("^status: .*", "status: draft", path.read_text("utf-8"), flags=re.MULTILINE), "utf-8")
    result = runner.invoke(main, ["serve"])
    assert result.exit_code == 1
    assert "draft" in result.stderr
    assert "last edition" not in result.stderr


@pytest.mark.parametrize("columns", [60, 80])
def test_help_lists_every_command_with_a_whole_sentence(runner: CliRunner, columns: int) -> None:
    shown = runner.invoke(main, ["--help"], terminal_width=columns).stdout
    assert max(map(len, shown.splitlines())) <= columns
    listed = " ".join(shown.split())
    for name, command in main.commands.items():
        sentence = " ".join((command.help or "").partition("\n\n")[0].split())
        assert sentence.endswith("."), name
        assert f"{name} {sentence}" in listed


def test_what_is_no_text_is_told_not_thrown(runner: CliRunner) -> None:
    result = runner.invoke(main, ["match", "-"], input=b"\xff\xfe\xff")
    assert result.exit_code == 2
    assert "Traceback" not in result.output
