"""Editions are whole or not there, reuse what has not changed, and are kept while somebody reads them."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from itertools import count
from pathlib import Path

import pytest

from innoshare import edition, vectors
from innoshare.config import Settings
from innoshare.errors import EditionError
from innoshare.library import Latest, Library
from innoshare.matching import Challenge, Strength
from innoshare.search import Query

CHANGES = count()


def editions(data: Path) -> set[str]:
    return {path.name for path in (data / "editions").iterdir()}


def change(folder: Path, title: str = "") -> str:
    """Give one case of a content folder another title; returns its slug."""
    path = sorted((folder / "cases").glob("*.md"))[0]
    text = re.sub("^title: .*$", f"title: {title or f'Changed {next(CHANGES)}'}", path.read_text(encoding="utf-8"),
                  count=1, flags=re.MULTILINE)
    path.write_text(text, encoding="utf-8")
    return path.stem


def test_a_build_is_named_by_its_fingerprint_and_published(folder: Path, tmp_path: Path) -> None:
    built = edition.build(folder, tmp_path / "data")
    assert built.fresh
    assert built.cases > 0
    assert edition.published(tmp_path / "data") == built.fingerprint == edition.fingerprint(folder)
    assert editions(tmp_path / "data") == {built.fingerprint}


def test_a_second_build_with_nothing_changed_does_nothing(folder: Path, tmp_path: Path) -> None:
    first = edition.build(folder, tmp_path / "data")
    catalogue = tmp_path / "data" / "editions" / first.fingerprint / "catalogue.sqlite"
    before = catalogue.stat().st_mtime_ns
    second = edition.build(folder, tmp_path / "data")
    assert not second.fresh
    assert (second.cases, second.cities, second.problems) == (first.cases, first.cities, first.problems)
    assert catalogue.stat().st_mtime_ns == before


def test_a_changed_case_is_the_only_one_built_anew_and_found_by_its_new_words(folder: Path, tmp_path: Path) -> None:
    edition.build(folder, tmp_path / "data")
    slug = change(folder, "Zeppelins")
    built = edition.build(folder, tmp_path / "data")
    assert (built.rendered, built.indexed) == (1, 1)
    library = Library.open(Settings(content=folder, data=tmp_path / "data"))
    assert [hit.slug for hit in library.search(Query("zeppelins")).results.hits] == [slug]
    library.close()


def test_an_updated_edition_answers_as_one_built_from_nothing(folder: Path, tmp_path: Path) -> None:
    edition.build(folder, tmp_path / "updated")
    (sorted((folder / "cases").glob("*.md"))[-1]).unlink()
    change(folder, "Zeppelins")
    edition.build(folder, tmp_path / "updated")
    edition.build(folder, tmp_path / "whole")
    answers = []
    for data in ("updated", "whole"):
        library = Library.open(Settings(content=folder, data=tmp_path / data))
        answers.append([(hit.slug, round(hit.score, 6), hit.highlights)
                        for words in ("the city", "zeppelins", "water", "")
                        for hit in library.search(Query(words)).results.hits])
        library.close()
    assert answers[0] == answers[1]
    assert answers[0]


def test_a_case_follows_its_city(folder: Path, tmp_path: Path) -> None:
    edition.build(folder, tmp_path / "data")
    city = sorted((folder / "cities").glob("*.md"))[0]
    text = city.read_text(encoding="utf-8")
    city.write_text(text.replace("name: ", "name: New ", 1), encoding="utf-8")
    built = edition.build(folder, tmp_path / "data")
    assert built.rendered == 1
    library = Library.open(Settings(content=folder, data=tmp_path / "data"))
    assert library.city(city.stem).city.name.startswith("New ")
    assert all(card.city_name.startswith("New ") for card in library.city(city.stem).cards)
    library.close()


def test_an_open_edition_is_kept_and_goes_with_the_first_build_after_it_is_closed(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = edition.build(folder, data).fingerprint
    reader = edition.open_published(data)
    change(folder)
    second = edition.build(folder, data).fingerprint
    assert editions(data) == {first, second}
    assert reader.engine.search(Query("")).total > 0
    reader.close()
    change(folder)
    third = edition.build(folder, data).fingerprint
    assert editions(data) == {third}


def test_bad_content_never_replaces_a_good_edition(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    good = edition.build(folder, data).fingerprint
    for path in (folder / "cases").glob("*.md"):
        path.write_text("no header\n", encoding="utf-8")
    built = edition.build(folder, data)
    assert built.problems
    assert not built.fingerprint
    assert edition.published(data) == good


def test_one_bad_file_is_left_out_and_named_also_by_the_build_that_does_nothing(folder: Path, tmp_path: Path) -> None:
    path = sorted((folder / "cases").glob("*.md"))[0]
    path.write_text("no header\n", encoding="utf-8")
    for _ in range(2):
        built = edition.build(folder, tmp_path / "data")
        errors = {problem.path for problem in built.problems if problem.level == "error"}
        assert errors == {f"content/cases/{path.name}"}
        assert built.cases > 0


def test_strict_publishes_nothing_while_a_file_has_a_mistake(folder: Path, tmp_path: Path) -> None:
    (folder / "cases" / "bad.md").write_text("no header\n", encoding="utf-8")
    assert edition.build(folder, tmp_path / "data", strict=True).problems
    assert edition.published(tmp_path / "data") is None


def test_what_is_not_there_or_broken_is_an_error_that_says_what_to_do(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with pytest.raises(EditionError, match="innoshare build"):
        edition.open_published(data)
    built = edition.build(folder, data)
    for name in ("edition.json", "catalogue.sqlite", "in-use"):
        path = data / "editions" / built.fingerprint / name
        kept = path.read_bytes()
        path.unlink()
        with pytest.raises(EditionError, match="build"):
            edition.open_published(data)
        path.write_bytes(kept)
    edition.open_published(data).close()


def test_a_damaged_catalogue_is_an_edition_error(folder: Path, tmp_path: Path) -> None:
    built = edition.build(folder, tmp_path / "data")
    path = tmp_path / "data" / "editions" / built.fingerprint / "catalogue.sqlite"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(EditionError, match="build"):
        Library.open(Settings(content=folder, data=tmp_path / "data"))


def test_an_edition_of_an_older_innoshare_is_an_edition_error_and_is_made_anew(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    about = data / "editions" / edition.build(folder, data).fingerprint / "edition.json"
    told = json.loads(about.read_text(encoding="utf-8"))
    about.write_text(json.dumps({key: value for key, value in told.items() if key != "history"}), encoding="utf-8")
    with pytest.raises(EditionError, match="build"):
        Library.open(Settings(content=folder, data=data))
    assert edition.build(folder, data).fresh


def test_a_history_that_git_could_not_tell_is_asked_for_again(
        folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(folder), "-c", "user.name=City", "-c", "user.email=city@testby.example",
                        *arguments], check=True, capture_output=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "All")
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\ncase "$*" in *--max-count=*--*) exit 128;; esac\nexec {shutil.which("git")} "$@"\n')
    slow.chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
        first = edition.build(folder, tmp_path / "data")
        opened = edition.open_published(tmp_path / "data")
        assert opened.history_reason
        opened.close()
    second = edition.build(folder, tmp_path / "data")
    assert (second.fresh, second.fingerprint) == (True, first.fingerprint)
    opened = edition.open_published(tmp_path / "data")
    assert opened.history_reason == ""
    opened.close()


def test_a_build_mends_a_damaged_edition(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    made = data / "editions" / edition.build(folder, data).fingerprint
    for pattern in ("edition.json", "catalogue.sqlite", "index/manifest.json", "index/*.seg", "index/*.toc",
                    "index/passage_term.npy"):
        path = next(made.glob(pattern))
        path.write_bytes(path.read_bytes()[:-9] + b"?" * 9)
        assert edition.build(folder, data).fresh, pattern
        edition.open_published(data).close()


def test_a_pointer_that_is_none_is_nothing_published(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    edition.build(folder, data)
    for junk in (b"", b"\x00", "ü".encode(), b"../../etc", b"a\nb"):
        (data / "current").write_bytes(junk)
        assert edition.published(data) is None
        with pytest.raises(EditionError):
            edition.open_published(data)
    assert edition.build(folder, data).fresh


def test_a_running_library_notices_the_same_edition_built_again(folder: Path, tmp_path: Path) -> None:
    made = Settings(content=folder, data=tmp_path / "data")
    edition.build(folder, made.data)
    latest = Latest(made)
    first = latest()
    path = made.data / "editions" / first.edition / "catalogue.sqlite"
    path.write_bytes(b"damaged" * 1000)
    with pytest.raises(EditionError, match="build"):
        first.entry(first.cases(1, 1)[1][0].slug)
    edition.build(folder, made.data)
    second = latest()
    assert second is not first
    assert second.entry(second.cases(1, 1)[1][0].slug)


def test_a_full_disk_leaves_the_old_edition_and_no_litter(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    old = edition.build(folder, data).fingerprint
    change(folder)
    script = ("import resource, sys; from pathlib import Path; from innoshare import edition, errors\n"
              "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))\n"
              "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
              "try: edition.build(Path(sys.argv[1]), Path(sys.argv[2]))\n"
              "except errors.EditionError as error: sys.exit(f'told: {error}')\n")
    for limit in (0, 100, 5_000, 20_000, 60_000):
        done = subprocess.run([sys.executable, "-c", script, str(folder), str(data), str(limit)], capture_output=True,
                              text=True, check=False)
        assert done.stderr.startswith("told: "), done.stderr
        assert editions(data) == {old}
        assert edition.published(data) == old
        edition.open_published(data).close()
    assert edition.build(folder, data).fresh


def test_force_builds_again_under_the_same_name(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = edition.build(folder, data)
    reader = edition.open_published(data)
    again = edition.build(folder, data, force=True)
    assert again.fresh
    assert again.fingerprint == first.fingerprint
    assert editions(data) == {first.fingerprint}
    reader.close()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EditionError, match="INNOSHARE_DATA"):
        edition.build(folder, tmp_path / "file")


def test_the_latest_library_follows_the_pointer_and_survives_a_broken_one(folder: Path, tmp_path: Path) -> None:
    made = Settings(content=folder, data=tmp_path / "data")
    latest = Latest(made)
    with pytest.raises(EditionError):
        latest()
    edition.build(folder, made.data)
    first = latest()
    assert latest() is first
    change(folder)
    edition.build(folder, made.data)
    second = latest()
    assert second.edition != first.edition
    assert first.search(Query("")).results.total > 0, "whoever holds the old library can go on asking it"
    (made.data / "current").write_text("0" * 20, encoding="ascii")
    assert latest() is second


def test_reading_goes_on_through_twenty_builds(folder: Path, tmp_path: Path) -> None:
    made = Settings(content=folder, data=tmp_path / "data")
    edition.build(folder, made.data)
    latest, errors, answers, stop = Latest(made), [], [0], threading.Event()
    expected = latest().search(Query("")).results.total

    def read() -> None:
        while not stop.is_set():
            try:
                library = latest()
                found = library.search(Query(""))
                assert found.results.total == expected
                assert len(found.cards) == len(found.results.hits)
                answers[0] += 1
                time.sleep(0.01)  # Else the eight leave the builder a ninth of one processor, and it takes a minute.
            except Exception as error:  # Whatever a reader meets is what the test is about.
                errors.append(error)

    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    for _ in range(20):
        change(folder)
        edition.build(folder, made.data)
    stop.set()
    for reader in readers:
        reader.join()
    assert not errors
    assert answers[0] > 20


def test_killing_a_build_at_any_moment_leaves_the_old_edition_served(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    edition.build(folder, data)
    script = ("import sys; from pathlib import Path; from innoshare import edition; print('go', flush=True); "
              "edition.build(Path(sys.argv[1]), Path(sys.argv[2])); print('done', flush=True)")
    seconds, moments = 2.0, random.Random(7)
    for attempt in range(12):
        change(folder)
        old, new = edition.published(data), edition.fingerprint(folder)
        process = subprocess.Popen([sys.executable, "-c", script, str(folder), str(data)], stdout=subprocess.PIPE,
                                   text=True)
        assert process.stdout
        assert process.stdout.readline() == "go\n"
        began = time.monotonic()
        if attempt == 0:  # The first is let through: it tells how long a build takes here.
            assert process.stdout.readline() == "done\n"
            seconds = time.monotonic() - began
        else:
            time.sleep(moments.uniform(0, seconds * 1.1))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert edition.published(data) in (old, new)
        opened = edition.open_published(data)
        assert opened.engine.search(Query("")).total > 0
        opened.close()
    built = edition.build(folder, data)
    assert editions(data) == {built.fingerprint}, "litter of killed builds goes with the next build"
    about = json.loads((data / "editions" / built.fingerprint / "edition.json").read_text(encoding="utf-8"))
    assert about["cases"] == built.cases


def test_two_builders_take_turns(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    built: list[edition.Built] = []
    builders = [threading.Thread(target=lambda: built.append(edition.build(folder, data))) for _ in range(2)]
    for builder in builders:
        builder.start()
    for builder in builders:
        builder.join()
    assert sorted(item.fresh for item in built) == [False, True]


def test_content_without_a_published_case_never_replaces_a_good_edition(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    good = edition.build(folder, data).fingerprint
    for path in (folder / "cases").glob("*.md"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub("^status: .*$", "status: draft", text, flags=re.MULTILINE), encoding="utf-8")
    assert not edition.build(folder, data).fingerprint
    (folder / "cases").rename(folder / "elsewhere")
    assert not edition.build(folder, data).fingerprint
    assert edition.published(data) == good


def test_other_concepts_make_the_index_anew(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    edition.build(folder, data)
    path = folder / "vocabulary" / "concepts" / "city-life.yaml"
    text = path.read_text(encoding="utf-8")
    assert "night-bus:" in text
    path.write_text(text.replace("night-bus:", "nocturnal-bus:"), encoding="utf-8")
    built = edition.build(folder, data)
    assert built.indexed > 1
    library = Library.open(Settings(content=folder, data=data))
    asked = library.match(Challenge.of("Nachts fährt der Nachtbus leer herum", language="de"))
    library.close()
    assert any("night bus" in item.case_text or "Nachtbus" in item.case_text
               for match in (*asked.matches, *asked.cautions) for item in match.evidence)


def test_an_edition_is_asked_with_the_embeddings_it_was_built_with_or_with_none(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with_none = edition.build(folder, data, embeddings="none").fingerprint
    with pytest.raises(EditionError, match="other embeddings"):
        edition.open_published(data)
    edition.open_published(data, "none").close()
    with_static = edition.build(folder, data).fingerprint
    assert with_none != with_static
    edition.open_published(data, "none").close()


def test_a_library_without_embeddings_answers_by_words_and_concepts(folder: Path, tmp_path: Path) -> None:
    settings = Settings(content=folder, data=tmp_path / "data", embeddings="none")
    edition.build(folder, settings.data, embeddings="none")
    library = Library.open(settings)
    case = library.entry("testby-night-buses").case
    best = library.match(Challenge.of(case.challenge)).matches[0]
    library.close()
    assert best.card.slug == case.slug
    assert best.strength is Strength.STRONG
    assert "near-in-meaning" not in {item.feature for item in best.evidence}


def test_a_case_is_like_others_but_not_like_itself_or_its_translation(library: Library) -> None:
    for card in library.cases(1, -1)[1]:
        entry = library.entry(card.slug)
        similar = {other.slug for other in entry.similar}
        assert not similar & {card.slug, *(item.case for item in entry.case.translations)}


def test_vectors_are_made_once(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    edition.build(folder, data)
    change(folder, "Zeppelins")
    asked: list[int] = []
    model = vectors.embedder(vectors.STATIC)
    assert model
    embed = type(model).embed
    monkeypatch.setattr(type(model), "embed", lambda self, texts: asked.append(len(texts)) or embed(self, texts))
    edition.build(folder, data)
    assert sum(asked) < 10, "only what changed"
