"""The workflows of a library: they trust nothing of a contribution, and their shell does what it should.

The scripts are taken out of the files and run by bash, with the variables that a code host sets, in a clone of a bare
repository to which a contributor has pushed a branch.
"""

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from innoshare import founding
from innoshare.forge_api import MARKER

PROJECT = Path(__file__).parent.parent
TESTS = Path(__file__).parent
COMMAND = Path(sys.executable).parent / "innoshare"

# What only the code host itself decides, and no contributor: safe to be put into a script, and all that a variable may
# be made of besides the numbers and hashes of the event.
PLAIN = {"github.server_url", "github.repository", "github.token", "runner.temp"}
FROM_THE_EVENT = {"github.event.pull_request.number", "github.event.pull_request.head.sha",
                  "github.event.pull_request.base.ref", "github.event.workflow_run.id",
                  "github.event.workflow_run.head_sha"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new library, as `innoshare init` writes it where nothing tells the kind of code host."""
    folder = tmp_path_factory.mktemp("new") / "lib"
    founding.found(folder, name="Ours")
    shutil.rmtree(folder / "content" / "vocabulary" / "concepts")  # of which a library is built for ten seconds
    return folder


def texts(library: Path) -> Iterator[tuple[str, str]]:
    for of_kind in founding.WORKFLOWS.values():
        for path in of_kind.values():
            yield path, (library / path).read_text(encoding="utf-8")
    yield from founding.own_workflows().items()


def steps(workflow: Any) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_all_can_be_read_and_are_started_by_a_contribution_alone(library: Path) -> None:
    for path, text in texts(library):
        workflow = yaml.safe_load(text)
        if path == ".gitlab-ci.yml":
            for name in ("contribution", "comment"):
                assert all('$CI_PIPELINE_SOURCE == "merge_request_event"' in rule["if"]
                           for rule in workflow[name]["rules"])
            assert "$INNOSHARE_FORGE_TOKEN" in workflow["comment"]["rules"][0]["if"]
            continue
        started = workflow[True]  # YAML's word for `on`
        assert set(started) == ({"workflow_run"} if path.endswith("comment.yml") else {"pull_request"}), path
        if path.endswith("comment.yml"):
            contribution = yaml.safe_load((library / ".github/workflows/contribution.yml").read_text())
            assert started["workflow_run"]["workflows"] == [contribution["name"]]
    assert all("pull_request_target" not in text for _, text in texts(library))


def test_what_reads_a_contribution_may_not_write(library: Path) -> None:
    for path, text in texts(library):
        if path == ".gitlab-ci.yml":
            continue
        workflow = yaml.safe_load(text)
        if path.endswith("comment.yml"):
            assert workflow["permissions"] == {}
            assert workflow["jobs"]["comment"]["permissions"] == {
                "actions": "read", "contents": "read", "pull-requests": "write"}
            for step in steps(workflow):
                if "checkout" in step.get("uses", ""):
                    assert step["with"] == {"persist-credentials": False}, "the published branch, nothing else"
        else:
            assert workflow["permissions"] == {"contents": "read"}
            assert all("permissions" not in job for job in workflow["jobs"].values())
            checkout = next(step for step in steps(workflow) if "checkout" in step.get("uses", ""))
            assert checkout["with"]["persist-credentials"] is False
            assert checkout["with"]["fetch-depth"] == 0


def test_no_expression_stands_in_a_script_and_none_holds_what_a_contributor_writes(library: Path) -> None:
    for path, text in texts(library):
        if path == ".gitlab-ci.yml":
            assert not re.search(r"\$CI_(MERGE_REQUEST_(TITLE|DESCRIPTION|SOURCE_BRANCH_NAME)|COMMIT_(MESSAGE|TITLE|"
                                 r"DESCRIPTION|REF_NAME|BRANCH|AUTHOR))", text)
            continue
        for step in steps(yaml.safe_load(text)):
            assert "${{" not in step.get("run", ""), path
        assert set(re.findall(r"\$\{\{\s*(.*?)\s*\}\}", text)) <= PLAIN | FROM_THE_EVENT, path


def test_every_action_is_pinned_to_a_commit_and_says_its_version(library: Path) -> None:
    used = [line for _, text in texts(library) for line in text.splitlines() if re.match(r"\s*(- )?uses:", line)]
    assert used
    for line in used:
        assert re.search(r"uses: (https://code\.forgejo\.org/)?[\w-]+/[\w-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+",
                         line), line


def test_every_variable_in_a_script_is_in_quotes(library: Path) -> None:
    for path, text in texts(library):
        workflow = yaml.safe_load(text)
        scripts = [step.get("run", "") for step in steps(workflow)] if "jobs" in workflow else [
            line for job in workflow.values() for part in ("before_script", "script") for line in job.get(part, ())]
        for script in scripts:
            outside = re.sub(r'"[^"]*"|\'[^\']*\'', "", script)
            outside = re.sub(r"\bcase \"?\$?\w*|\b\w+=\$\(", "", outside)
            assert "$" not in outside, (path, outside)


def test_two_that_post_about_one_pull_request_do_not_run_at_once(library: Path) -> None:
    posting = 0
    for path, text in texts(library):
        if "innoshare comment" in text:
            posting += 1
            workflow = yaml.safe_load(text)
            one_by_one = workflow["comment"]["resource_group"] if path == ".gitlab-ci.yml" else (
                workflow["concurrency"]["group"])
            assert re.search(r"pull_request\.number|workflow_run\.head_sha|MERGE_REQUEST_IID", one_by_one), path
    assert posting == 4


def test_what_runs_comes_from_the_published_branch(library: Path) -> None:
    for path, text in texts(library):
        for line in text.splitlines():
            if "pip" in line and "install" in line:
                assert "contribution" not in line, path
    for path, text in founding.own_workflows().items():
        assert "requirements.txt" not in text, path


# --- the scripts, run ---------------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main", *arguments],
        cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def forge(library: Path, tmp_path: Path) -> Path:
    """A bare repository with the library on `main`, and on `contribution` a case with a mistake, other settings and
    another program to install."""
    shutil.copytree(library, tmp_path / "work")
    git(tmp_path, "init", "-q", "--bare", "forge.git")
    work = tmp_path / "work"
    git(work, "init", "-q")
    git(work, "add", "-A")
    git(work, "commit", "-qm", "The library")
    git(work, "push", "-q", "../forge.git", "HEAD:main")
    git(work, "checkout", "-q", "-b", "contribution")
    case = (work / "content/cases/exampleton-library-of-things.md").read_text(encoding="utf-8")
    (work / "content/cases/exampleton-tool-bus.md").write_text(
        case.replace("city: exampleton", "city: exempleton").replace("a library of things in an empty shop", "A bus"),
        encoding="utf-8")
    (work / "requirements.txt").write_text("./evil\n", encoding="utf-8")
    (work / "innoshare.toml").write_text('data = "/nowhere"\nbase_url = "https://evil.example"\n', encoding="utf-8")
    git(work, "add", "-A")
    git(work, "commit", "-qm", "$(touch pwned) `touch pwned` ${{ secrets.X }}")
    git(work, "push", "-q", "../forge.git", "HEAD:contribution")
    return tmp_path / "forge.git"


def environment(folder: Path, values: dict[str, Any]) -> dict[str, str]:
    """What a host gives a script: its own variables, and a Python in whose environments innoshare is found already, so
    that installing it needs no network."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    python = tools / "python3"
    python.write_text(f"""#!/bin/sh
if [ "$1" != -m ]; then exec {sys.executable} "$@"; fi
mkdir -p "$3/bin"
ln -sf {COMMAND} "$3/bin/innoshare"
cat > "$3/bin/pip" <<'END'
#!/bin/sh
for last; do :; done
echo "$@" | cat - "$last" >> {folder}/installed
END
chmod +x "$3/bin/pip"
""", encoding="utf-8")
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(folder), "TMPDIR": str(folder),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"), **{name: str(value) for name, value in values.items()}}


def run(script: str, folder: Path, values: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """A script as a host runs it: one file for bash, which ends at the first command that fails."""
    return subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], cwd=folder, env=values,
                          check=False, capture_output=True, text=True)


@pytest.mark.parametrize("kind", [".github", ".forgejo"])
def test_the_scripts_of_a_pull_request_give_the_text_and_then_fail_for_the_mistake(
        library: Path, forge: Path, tmp_path: Path, kind: str) -> None:
    workflow = yaml.safe_load((library / kind / "workflows/contribution.yml").read_text(encoding="utf-8"))
    job = workflow["jobs"]["review"]
    place = tmp_path / "runner"
    place.mkdir()
    git(place, "clone", "-q", str(forge), "contribution", "--no-checkout")
    git(place / "contribution", "checkout", "-q", "--detach", "origin/contribution")
    event = {"github.event.pull_request.base.ref": "main", "github.event.pull_request.number": "7",
             "github.server_url": "https://github.com", "github.repository": "cities/library"}
    values = {name: re.sub(r"\$\{\{ (.*?) \}\}", lambda found: event[found[1]], str(value))
              for name, value in job["env"].items()}
    outcomes = {step["name"]: run(step["run"], place, environment(tmp_path, values))
                for step in job["steps"] if "run" in step and "Post" not in step["name"]}
    assert [name for name, done in outcomes.items() if done.returncode] == ["Check"], outcomes
    text = (place / "report/review.md").read_text(encoding="utf-8")
    assert text.startswith(f"{MARKER}\n")
    assert "content/cases/exampleton-tool-bus.md` (new)" in text
    assert "exempleton" in text
    assert "evil.example" not in text, "the settings of a contribution steer nothing"
    assert "evil" not in (tmp_path / "installed").read_text(encoding="utf-8"), "nor what is installed"
    assert "innoshare==" in (tmp_path / "installed").read_text(encoding="utf-8")
    assert not list(tmp_path.rglob("pwned"))
    if kind == ".github":
        assert (place / "report/number").read_text() == "7\n"
        assert MARKER in (tmp_path / "summary.md").read_text(encoding="utf-8")


def test_the_script_that_posts_takes_nothing_but_a_number(library: Path, tmp_path: Path) -> None:
    workflow = yaml.safe_load((library / ".github/workflows/comment.yml").read_text(encoding="utf-8"))
    script = next(step for step in steps(workflow) if step.get("name") == "Post")["run"]
    (tmp_path / ".venv/bin").mkdir(parents=True)
    told = tmp_path / ".venv/bin/innoshare"
    told.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > told\n', encoding="utf-8")
    told.chmod(0o755)
    review = tmp_path / "review"
    review.mkdir()
    values = environment(tmp_path, {"REVIEW": review, "HEAD_SHA": "a" * 40})
    for number in ("", "7; touch pwned", "$(touch pwned)", "-1", "7\n8", "../7", "٧", "--api=x"):
        (review / "number").write_text(number, encoding="utf-8")
        assert run(script, tmp_path, values).returncode == 1, number
        assert not (tmp_path / "told").exists()
    (review / "number").write_text("7\n", encoding="utf-8")
    assert run(script, tmp_path, values).returncode == 0
    assert (tmp_path / "told").read_text().splitlines() == [
        "comment", f"{review}/review.md", "--number", "7", "--head", "a" * 40]
    assert not list(tmp_path.rglob("pwned"))


def test_the_scripts_of_a_merge_request_give_the_text_and_then_fail_for_the_mistake(
        library: Path, forge: Path, tmp_path: Path) -> None:
    job = yaml.safe_load((library / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    place = tmp_path / "project"
    git(tmp_path, "clone", "-q", "--branch", "contribution", str(forge), "project")
    (place / "report").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    values = {"CI_PROJECT_DIR": str(place), "CI_PROJECT_PATH": "a/b", "CI_MERGE_REQUEST_PROJECT_PATH": "a/b",
              "CI_MERGE_REQUEST_PROJECT_URL": "https://gitlab.com/cities/library",
              "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main"}
    given = {name: re.sub(r"\$(\w+)", lambda found: values[found[1]], str(value))
             for name, value in job[".contribution"]["variables"].items()}
    script = "\n".join((*job[".contribution"]["before_script"], *job["contribution"]["script"]))
    done = run(script, place, environment(tmp_path, values | given))
    assert done.returncode == 1, done.stderr
    text = (place / "report/review.md").read_text(encoding="utf-8")
    assert text.startswith(f"{MARKER}\n")
    assert "exempleton" in text
    assert "evil.example" not in text
    assert text in done.stdout
    assert not list((tmp_path / "elsewhere").iterdir()), "a link in a contribution is not followed"
    assert "evil" not in (tmp_path / "installed").read_text(encoding="utf-8")
