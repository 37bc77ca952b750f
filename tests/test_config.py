"""Settings are right or refused with a sentence; nothing that is wrong is found only when somebody asks."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from innoshare.cli import main
from innoshare.config import Settings, host_of


@pytest.mark.parametrize(("given", "meant"), [
    ("", ""), (" ", ""), ("https://library.example", "https://library.example"),
    (" https://library.example/ ", "https://library.example"),
    ("http://Library.Example:8080", "http://library.example:8080"),
    ("https://city.example/library/", "https://city.example/library"),
    ("https://bücher.example", "https://xn--bcher-kva.example"),
    ("https://bu\N{COMBINING DIAERESIS}cher.example", "https://xn--bcher-kva.example"),
    ("https://xn--r8jz45g.jp", "https://xn--r8jz45g.jp"),
    ("https://city.example/bücher", "https://city.example/b%C3%BCcher"),
    ("https://city.example/b%C3%BCcher", "https://city.example/b%C3%BCcher"),
    ("http://[::1]:8000", "http://[::1]:8000"), ("http://127.0.0.1", "http://127.0.0.1")])
def test_the_public_address_is_kept_in_ascii_and_without_a_slash(given: str, meant: str) -> None:
    assert Settings(base_url=given).base_url == meant


@pytest.mark.parametrize("wrong", [
    "library.example", "localhost:8000", "//library.example", "/library", "ftp://library.example", "https://",
    "https:///library", "https://a b", "https://library.example?x=1", "https://library.example/#top",
    "https://me:secret@library.example", "https://@library.example", "https://library.example:99999",
    "https://library.example:0", "https://library.example:port", "https://[::1", "https://[::::]", "https://a..b",
    "https://my_library.example", "https://" + "a" * 64 + ".example", "https://" + "a." * 130 + "example",
    "https://straße.example", "https://library.example/\nX: y", "https://<b>.example", "https://\0.example"])
def test_what_is_no_public_address_is_refused_with_an_example(wrong: str) -> None:
    with pytest.raises(ValidationError, match=r"https://library\.example"):
        Settings(base_url=wrong)


@pytest.mark.parametrize("command", [["search", "x"], ["match", "a long enough challenge"], ["build"], ["serve"]])
def test_a_wrong_setting_ends_a_command_with_a_sentence(runner: CliRunner, monkeypatch: pytest.MonkeyPatch,
                                                       command: list[str]) -> None:
    monkeypatch.setenv("INNOSHARE_BASE_URL", "library.example")
    result = runner.invoke(main, command)
    assert result.exit_code == 2
    assert result.stderr.startswith("INNOSHARE_BASE_URL: ")
    assert "as https://library.example" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(("host", "name"), [
    ("library.example", "library.example"), ("xn--a", "xn--a"), ("localhost:8000", "localhost"),
    ("127.0.0.1:1", "127.0.0.1"), ("[::1]:8000", "[::1]"), ("example.", "example.")])
def test_a_host_has_a_name(host: str, name: str) -> None:
    found = host_of(host)
    assert found
    assert found["name"] == name


@pytest.mark.parametrize("text", ["", "a b", "ä", "a_b", "-a", "a..b", ".a", "::1", "[::1", "[....]", "[::::]", "a:",
                                  "a:0", "a:65536", "a:x", "a@b", "a/b", "a\n", "a" * 64, "a." * 128 + "a",
                                  "xn--" + "9" * 200])
def test_what_is_no_host(text: str) -> None:
    assert host_of(text) is None


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "innoshare.toml"


def test_a_library_keeps_its_settings_in_a_file_and_the_environment_goes_before_it(
        settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings_file.write_text('name = "Library of the north"\nlanguages = ["fi", "sv"]\nbranch = "trunk"\n')
    monkeypatch.setenv("INNOSHARE_BRANCH", "live")
    settings = Settings()
    assert (settings.name, settings.languages, settings.branch) == ("Library of the north", ("fi", "sv"), "live")


@pytest.mark.parametrize(("line", "told"), [
    ("colour = blue", "innoshare.toml: The file cannot be read"),
    ('nome = "x"', "innoshare.toml: nome: There is no such setting. Did you mean name?"),
    ('zzz = "x"', "Known are: content, data"),
    ('colour = "blue"', "INNOSHARE_COLOUR: This is not a colour. Write # and six digits"),
    ('colour = "#ffee00"', "White words could not be read on this colour (contrast 1.2 to 1; 4.5 is needed)"),
    ('languages = "en, xx"', "INNOSHARE_LANGUAGES: Unknown: xx. Choose from en, sv"),
    ("languages = []", "None is named. Choose from en, sv"),
    ('repository = "https://github.com/example"', "Copy that of its first page from the browser"),
    ('repository = "git@github.com:example/library.git"', "is not the address of a repository"),
    ('repository = "https://github.com/example/library/tree/main"', "Copy that of its first page"),
    ('repository = "https://git.city.example/a/b"', "INNOSHARE_FORGE: Nothing tells what kind of site git.city"),
    ('branch = "-rf"', "INNOSHARE_BRANCH: '-rf' is not the name of a branch"),
    ('branch = "/main"', "is not the name of a branch"),
    ('branch = "a..b"', "is not the name of a branch"),
    ('folder = "../etc"', "INNOSHARE_FOLDER: '../etc' is not a folder of the repository"),
    ('forge = "sourceforge"', "INNOSHARE_FORGE: Input should be"),
    ('contact = "library@city.example"', "Write it as https://city.example/contact or as mailto:library@city.example"),
    ('contact = "javascript:alert(1)"', "INNOSHARE_CONTACT: This is neither the address of a page nor one to write to"),
    ('contact = "https://a..b/contact"', "INNOSHARE_CONTACT: This is neither")])
def test_a_mistake_in_the_settings_file_is_told_with_what_to_write(
        settings_file: Path, runner: CliRunner, line: str, told: str) -> None:
    settings_file.write_text(line + "\n")
    result = runner.invoke(main, ["check", str(settings_file.parent)])
    assert result.exit_code == 2
    assert told in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(("given", "meant"), [
    ("https://github.com/example/library.git", "https://github.com/example/library"),
    ("https://gitlab.com/group/sub/library/", "https://gitlab.com/group/sub/library"), ("", "")])
def test_the_address_of_a_repository_is_taken_as_people_copy_it(given: str, meant: str) -> None:
    assert Settings(repository=given).repository == meant


@pytest.mark.parametrize("contact", ["", "https://city.example/offices/library?in=en#write", "https://city.example",
                                     "mailto:library.office+x@city.example"])
def test_an_office_is_reached_by_a_page_or_by_mail(contact: str) -> None:
    assert Settings(contact=f" {contact}").contact == contact
