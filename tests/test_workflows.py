"""The workflows of a library: they trust nothing of a contribution, and their shell does what it should.

The scripts are taken out of the files and run by bash, with the variables that a code host sets, in a clone of a bare
repository to which a contributor has pushed a branch.
"""

import json
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
import test_forge_api
import yaml
from test_forge_api import HEAD, TOKEN, Host

from innoshare import founding
from innoshare.comment import MARKER

PROJECT = Path(__file__).parent.parent
TESTS = Path(__file__).parent
COMMAND = Path(sys.executable).parent / "innoshare"

host = test_forge_api.host

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


def test_what_a_contribution_starts_reads_it_and_what_posts_is_started_on_the_published_branch(library: Path) -> None:
    for path, text in texts(library):
        assert "pull_request_target" not in text, path
        workflow = yaml.safe_load(text)
        if path == ".gitlab-ci.yml":
            assert {name: job["rules"] for name, job in workflow.items()} == {
                "contribution": [{"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'}],
                "comment": [{"if": '$CI_PIPELINE_SOURCE == "schedule"'}]}
            continue
        started = workflow[True]  # YAML's word for `on`
        if not path.endswith("comment.yml"):
            assert set(started) == {"pull_request"}, path
        elif path.startswith(".github"):
            contribution = yaml.safe_load((library / ".github/workflows/contribution.yml").read_text())
            assert started == {"workflow_run": {"workflows": [contribution["name"]], "types": ["completed"]}}
        else:
            assert set(started) == {"schedule"}, path


def test_what_reads_a_contribution_may_not_write(library: Path) -> None:
    for path, text in texts(library):
        if path == ".gitlab-ci.yml":
            assert "innoshare comment" not in str(yaml.safe_load(text)["contribution"])
            continue
        workflow = yaml.safe_load(text)
        if path.endswith("comment.yml"):
            if path.startswith(".github"):
                assert workflow["permissions"] == {}
                assert workflow["jobs"]["comment"]["permissions"] == {
                    "actions": "read", "contents": "read", "pull-requests": "write"}
            else:  # where a comment on a pull request counts as one on an issue
                assert workflow["permissions"] == {"contents": "read", "issues": "write", "pull-requests": "write"}
            for step in steps(workflow):
                if "checkout" in step.get("uses", ""):
                    assert step["with"]["persist-credentials"] is False
                    assert "ref" not in step["with"], "the published branch, nothing else"
        else:
            assert workflow["permissions"] == {"contents": "read"}
            assert "token" not in text, path
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
        assert re.search(r"uses: (https://(code|data)\.forgejo\.org/)?[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+",
                         line), line


def test_whoever_makes_no_file_is_asked_the_same_everywhere(library: Path) -> None:
    own = (PROJECT / ".github/ISSUE_TEMPLATE/case.yml").read_text(encoding="utf-8")
    form = yaml.safe_load(own)
    assert set(form) == {"name", "description", "body"}
    fields = [part["attributes"] for part in form["body"] if part["type"] != "markdown"]
    for host in (".github", ".forgejo"):
        assert (library / host / "ISSUE_TEMPLATE/case.yml").read_text(encoding="utf-8") == own
    text = (library / ".gitlab/issue_templates/Case.md").read_text(encoding="utf-8")
    assert re.findall(r"^\*\*(.*?)\*\*", text, re.MULTILINE) == [field["label"] for field in fields]


def test_every_variable_in_a_script_is_in_quotes(library: Path) -> None:
    for path, text in texts(library):
        workflow = yaml.safe_load(text)
        scripts = [step.get("run", "") for step in steps(workflow)] if "jobs" in workflow else [
            line for job in workflow.values() for line in job["script"]]
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
            assert one_by_one == ("comment-${{ github.event.workflow_run.head_sha }}" if path.startswith(".github")
                                  else "comment"), path
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
    """A bare repository with the library on `main`, and on `contribution` a good case, one with a mistake, other
    settings and another program to install."""
    shutil.copytree(library, tmp_path / "work")
    git(tmp_path, "init", "-q", "--bare", "forge.git")
    work = tmp_path / "work"
    git(work, "init", "-q")
    git(work, "add", "-A")
    git(work, "commit", "-qm", "The library")
    git(work, "push", "-q", "../forge.git", "HEAD:main")
    git(work, "checkout", "-q", "-b", "contribution")
    case = (work / "content/cases/exampleton-library-of-things.md").read_text(encoding="utf-8")
    for slug, city in (("exampleton-tool-bus", "exempleton"), ("exampleton-tool-van", "exampleton")):
        (work / f"content/cases/{slug}.md").write_text(case.replace("city: exampleton", f"city: {city}"),
                                                       encoding="utf-8")
    (work / "requirements.txt").write_text("./evil\n", encoding="utf-8")
    for name in ("venv.py", "pip.py", "ensurepip.py", "sitecustomize.py"):
        (work / name).write_text("open('pwned', 'w')\n", encoding="utf-8")
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
if [ -e "$2.py" ]; then touch {folder}/pwned; fi # Python runs what lies where it is started
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


def previewed(report: Path) -> None:
    """What is kept of a run holds the page of the good case, as it says, and little else."""
    assert "open `preview/index.html` (1 page)" in (report / "review.md").read_text(encoding="utf-8")
    assert [path.name for path in sorted((report / "preview").glob("*.html"))] == [
        "case-exampleton-tool-van.html", "index.html"]
    assert sum(path.stat().st_size for path in report.rglob("*") if path.is_file()) < 300_000  # bytes


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
                for step in job["steps"] if "run" in step}
    assert [name for name, done in outcomes.items() if done.returncode] == ["Check"], outcomes
    text = (place / "report/review.md").read_text(encoding="utf-8")
    assert text.startswith(f"{MARKER}\n")
    assert "content/cases/exampleton-tool-bus.md` (new)" in text
    assert "exempleton" in text
    assert "evil.example" not in text, "the settings of a contribution steer nothing"
    assert "evil" not in (tmp_path / "installed").read_text(encoding="utf-8"), "nor what is installed"
    assert "innoshare==" in (tmp_path / "installed").read_text(encoding="utf-8")
    assert not list(tmp_path.rglob("pwned"))
    previewed(place / "report")
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
             for name, value in job["contribution"]["variables"].items()}
    done = run("\n".join(job["contribution"]["script"]), place, environment(tmp_path, values | given))
    assert done.returncode == 1, done.stderr
    text = (place / "report/review.md").read_text(encoding="utf-8")
    assert text.startswith(f"{MARKER}\n")
    assert "exempleton" in text
    assert "evil.example" not in text
    assert text in done.stdout
    assert not list((tmp_path / "elsewhere").iterdir()), "a link in a contribution is not followed"
    assert {problem["check_name"] for problem in json.loads((place / "report/codequality.json").read_text())}
    previewed(place / "report")
    assert "evil" not in (tmp_path / "installed").read_text(encoding="utf-8")
    assert not list(tmp_path.rglob("pwned")), "nothing of a contribution is run"


@pytest.mark.parametrize("host", ["forgejo", "gitlab"], indirect=True)
def test_the_script_that_runs_by_the_clock_posts_what_waits_once_and_trusts_nothing_of_it(
        library: Path, forge: Path, tmp_path: Path, host: Host) -> None:
    if host.kind == "gitlab":
        job = yaml.safe_load((library / ".gitlab-ci.yml").read_text(encoding="utf-8"))["comment"]
        ref, scripts = "refs/merge-requests/7/head", ["\n".join(job["script"])]
    else:
        workflow = yaml.safe_load((library / ".forgejo/workflows/comment.yml").read_text(encoding="utf-8"))
        job = workflow["jobs"]["comment"]
        ref, scripts = "refs/pull/7/head", [step["run"] for step in job["steps"] if "run" in step]
    git(forge, "update-ref", ref, "contribution")
    git(forge, "branch", "-q", "-D", "contribution")  # as if it came from a copy
    place = tmp_path / "runner"
    git(tmp_path, "clone", "-q", "--branch", "main", str(forge), "runner")
    host.head = git(forge, "rev-parse", ref)
    for number, head in ((6, HEAD), (7, host.head)):  # the first one's commit is nowhere
        host.open.append({"iid": number, "target_branch": "main", "sha": head} if host.kind == "gitlab" else
                         {"number": number, "base": {"ref": "main"}, "head": {"sha": head}})
    values = environment(tmp_path, {"INNOSHARE_REPOSITORY": f"{host.address}/cities/library",
                                    "INNOSHARE_FORGE": job.get("variables", job.get("env"))["INNOSHARE_FORGE"],
                                    "INNOSHARE_FORGE_TOKEN": TOKEN})
    for word in ("Posted", ""):
        done = [run(script, place, values) for script in scripts]
        assert [one.returncode for one in done] == [0] * len(scripts), done[-1].stderr
        assert "equest 6 has got no comment this time" in done[-1].stdout
        assert "equest 7" not in done[-1].stdout
        assert word in done[-1].stderr
        assert TOKEN not in str(done)
        (comment,) = host.comments
    assert comment["body"].startswith(f"{MARKER}\n")
    assert "content/cases/exampleton-tool-bus.md` (new)" in comment["body"]
    assert "exempleton" in comment["body"]
    assert comment["body"].endswith(f"commit {host.head}.\n")
    assert "evil" not in comment["body"] + (tmp_path / "installed").read_text(encoding="utf-8")
    assert not list(tmp_path.rglob("pwned"))
