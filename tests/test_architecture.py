"""Imports point down, and each heavy library is known to one room only."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "innoshare"

# Room -> the rooms it may import. A new arrow is a line here that a reviewer sees.
MAY_IMPORT = {
    "errors": set(),
    "files": set(),
    "config": {"choices", "errors", "forge"},
    "choices": set(),
    "case": {"choices"},
    "render": {"choices"},
    "content": {"case", "choices", "errors", "files", "render", "search"},
    "vectors": {"errors"},
    "search": {"case", "choices", "errors", "vectors"},
    "catalogue": {"case", "choices", "errors", "matching", "provenance", "render"},
    "edition": {"case", "choices", "catalogue", "content", "errors", "matching", "provenance", "render", "search",
                "vectors"},
    "provenance": {"errors", "files"},
    "forge": {"errors"},
    "comment": {"content", "errors", "report"},
    "forge_api": {"comment", "errors", "forge"},
    "founding": {"choices", "config", "errors", "forge"},
    "review": {"case", "choices", "comment", "config", "content", "drafting", "edition", "errors", "files",
               "library", "matching", "provenance", "report"},
    "matching": {"case", "choices", "errors", "search"},
    "library": {"case", "choices", "config", "content", "edition", "errors", "matching", "provenance", "render",
                "search"},
    "quality": {"case", "choices", "content", "edition", "errors", "library", "matching", "render", "search",
                "vectors"},
    "report": {"content", "errors", "files"},
    "schema": {"case", "choices", "content"},
    "drafting": {"case", "choices", "content", "errors", "schema"},
    "adopting": {"case", "content", "errors"},
    "keeping": {"case", "forge"},
    "holdings": {"case", "choices", "content", "edition"},
    "web": {"adopting", "case", "choices", "config", "content", "errors", "forge", "library", "matching",
            "provenance", "render", "search"},
    "cli": {"case", "choices", "comment", "config", "content", "drafting", "edition", "errors", "forge", "forge_api",
            "founding", "holdings", "keeping", "library", "matching", "quality", "report", "review", "schema", "search",
            "web"},
    "__main__": {"cli"},
    "__init__": set(),
}

# Library -> the modules that may know it.
KNOWN_TO = {
    "flask": {"web"},
    "flask_limiter": {"web/limits"},
    "limits": {"config", "web/limits"},
    "whoosh": {"search/whoosh", "search/stock", "search/ranker"},
    "sqlmodel": {"catalogue"},
    "sqlalchemy": {"catalogue"},
    "markdown": {"render"},
    "nh3": {"render"},
    "yaml": {"content/frontmatter"},
    "rapidfuzz": {"search/words"},
    "Stemmer": {"search/text"},
    "py3langid": {"search/text"},
    "wordllama": {"vectors"},
    "onnxruntime": {"vectors"},
    "tokenizers": {"vectors"},
    "click": {"cli"},
    "waitress": {"cli"},
    "rich": {"cli"},
    "PIL": {"web/cards"},
    "anyascii": {"drafting", "content/forms"},
    "xlsxwriter": {"web/sheets"},
}

# Package -> its modules from the bottom up: each may import those before it, and none the package that they make up.
STACKED = {
    "content": ("mending", "frontmatter", "forms", "folders", "fields", "persons", "pages", "body", "rules",
                "vocabulary", "duplicates", "lineage", "translations", "writing"),
    "provenance": ("git", "log"),
    "render": ("proofreading",),
    "review": ("change",),
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Dotted names of everything a module imports, function-level imports included."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_point_down(path: Path) -> None:
    own = room(path)
    rooms = {file.stem if file.suffix else file.name for file in PACKAGE.iterdir()}
    used = {name.split(".")[1] for name in imports(path) if name.startswith("innoshare.")} & rooms
    assert used <= MAY_IMPORT[own] | {own}


@pytest.mark.parametrize("package", STACKED)
def test_imports_within_a_package_point_down(package: str) -> None:
    stack = STACKED[package]
    assert {path.stem for path in (PACKAGE / package).glob("*.py")} == {"__init__", *stack}
    for number, name in enumerate(stack):
        used = {one.split(".")[2] for one in imports(PACKAGE / package / f"{name}.py")
                if one.startswith(f"innoshare.{package}.")}
        assert used <= set(stack[:number]), f"{package}/{name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_each_library_is_known_to_its_room_only(path: Path) -> None:
    here = path.relative_to(PACKAGE).with_suffix("").as_posix()
    for library, rooms in KNOWN_TO.items():
        if any(name == library or name.startswith(f"{library}.") for name in imports(path)):
            assert here in rooms or room(path) in rooms, f"{here} must not know {library}"


def test_only_the_configuration_reads_the_environment() -> None:
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        assert path.stem == "config" or not ("os.environ" in text or "getenv" in text), path


def test_every_module_begins_with_a_paragraph_about_itself() -> None:
    for path in MODULES:
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
