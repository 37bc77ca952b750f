"""Settings, read once from the environment (`INNOSHARE_*`) or from `innoshare.toml`, passed on as one frozen object.

This is the only module that looks at the environment. A library that is its own repository keeps its settings in the
file `innoshare.toml` beside its content, under the same names in small letters; a variable of the environment goes
before it. Each field's help is what the README's table shows; a test holds the two together.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from innoshare.choices import LANGUAGES
from innoshare.errors import BadInput, SettingsError
from innoshare.forge import Forge, Kind, address, branch_name, folder_name

ENVIRONMENT_PREFIX = "INNOSHARE_"
SETTINGS_FILE = Path("innoshare.toml")

# A host as it may stand in a link and in a header: a name in ASCII (others in their xn-- form) or an address, and
# perhaps a port. Labels of at most 63 characters: with longer ones, routing and IDNA fail each in its own way.
HOST = re.compile(r"(?P<name>(?!.{254})[a-z0-9][a-z0-9-]{0,62}(\.[a-z0-9][a-z0-9-]{0,62})*\.?|\[[0-9a-f:.]{2,45}\])"
                  r"(:(?P<port>[0-9]{1,5}))?", re.ASCII | re.IGNORECASE)
HIGHEST_PORT = 65_535

# What may stand in a path besides letters and digits (RFC 3986); all else is escaped.
_PATH_MARKS = "/%-._~!$&'()*+,;=:@"


def host_of(text: str) -> re.Match[str] | None:
    """`text` as a host, with its `name` and `port`; None where it is not one."""
    found = HOST.fullmatch(text)
    if found is None or not 1 <= int(found["port"] or 1) <= HIGHEST_PORT:
        return None
    if found["name"].startswith("["):
        try:
            IPv6Address(found["name"][1:-1])
        except ValueError:  # "[::::]": urllib raises on an address with it.
            return None
    return found


def _public_address(text: str) -> str:
    """An address in ASCII and without a slash at the end, so that links can be made by writing paths behind it."""
    text = unicodedata.normalize("NFC", text.strip())
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        # Python's IDNA is that of 2003, which makes "ss" of "ß": another name. What does not come back is refused.
        ascii_host = f"[{host}]" if ":" in host else host.encode("idna").decode("ascii")
        same = host.isascii() or ascii_host.encode("ascii").decode("idna") == host
    except ValueError:  # UnicodeError is one.
        raise _no_address() from None
    found = host_of(ascii_host if port is None else f"{ascii_host}:{port}")
    if (parts.scheme not in ("http", "https") or "@" in parts.netloc or parts.query or parts.fragment or not same
            or found is None or re.search(r"[\s\x00-\x1f\x7f]", text)):
        raise _no_address()
    return f"{parts.scheme}://{found[0]}{quote(parts.path.rstrip('/'), safe=_PATH_MARKS)}"


def _no_address() -> PydanticCustomError:
    return PydanticCustomError("public_address", "This is not the public address of a site. Write it with https:// and "
                               "the name of the host, as https://library.example. A name with other letters than a "
                               "to z can always be written in its xn-- form.")


def _accepted(accept: Callable[[str], str]) -> Callable[[str], str]:
    """The rule of `forge` as a rule for a setting."""
    def validated(text: str) -> str:
        try:
            return accept(text)
        except SettingsError as error:
            raise PydanticCustomError("code_host", "{why}", {"why": str(error)}) from None
    return validated


def _kind(value: Literal["", Kind], info: ValidationInfo) -> str:
    """The kind of a code host is told by the setting, or by the address of the repository."""
    def accept(kind: str) -> str:
        Forge.of(info.data.get("repository", ""), value)
        return kind

    return _accepted(accept)(value)


def _separated(value: Any) -> Any:
    return tuple(filter(None, re.split(r"[,\s]+", value))) if isinstance(value, str) else value


def _known_languages(codes: tuple[str, ...]) -> tuple[str, ...]:
    strange = [code for code in codes if code not in LANGUAGES]
    if strange or not codes:
        raise PydanticCustomError("languages", "{what}. Choose from {known}, with commas between them.",
                                  {"what": f"Unknown: {', '.join(strange)[:60]}" if strange else "None is named",
                                   "known": ", ".join(LANGUAGES)})
    return tuple(dict.fromkeys(codes))


_CONTACT = re.compile(r"mailto:[\w.+-]+@(?P<mail>[\w.-]+)|https://(?P<site>[^\s/?#@\"<>]+)([/?#][^\s\"<>\x00-\x1f\x7f]*)?",
                      re.ASCII)


def _contact(text: str) -> str:
    """The address of an office: a page, or `mailto:` and an e-mail address."""
    found = _CONTACT.fullmatch(text.strip())
    if text.strip() and (found is None or host_of(found["mail"] or found["site"]) is None):
        raise PydanticCustomError("contact", "This is neither the address of a page nor one to write to. Write it as "
                                  "https://city.example/contact or as mailto:library@city.example.")
    return text.strip()


NO_LIMIT, MEMORY = "none", "memory://"  # Values of `ratelimit` and of `ratelimit_storage`.


def _ratelimit(text: str) -> str:
    """How much a client may ask, as the library reads it that keeps count; NO_LIMIT where it may ask without end."""
    from limits import parse_many  # Loaded only where somebody sets it: every command reads the settings.

    wished = text.strip().lower()
    if wished == NO_LIMIT:
        return wished
    try:
        limits = parse_many(wished)
    except ValueError:
        limits = []
    if not limits or not all(limit.amount for limit in limits):
        raise PydanticCustomError("ratelimit", "This does not say how much a client may ask in which time. Write it as "
                                  "600 per minute, several with a semicolon between them as 20 per second; 600 per "
                                  "minute, or none for no limit.")
    return wished


def _ratelimit_storage(text: str) -> str:
    """Where requests are counted. What is wrong is told without the address: there may be a password in it."""
    where = text.strip()
    try:
        parts = urlsplit(where)
        right = where == MEMORY or (parts.scheme in ("redis", "rediss") and bool(parts.hostname)
                                    and parts.port != 0 and bool(re.fullmatch("(/[0-9]*)?", parts.path)))
    except ValueError:  # The port is no number.
        right = False
    if not right:
        raise PydanticCustomError("ratelimit_storage", "Requests cannot be counted there. Write memory://, or the "
                                  "address of a Redis, as redis://localhost:6379/0 (rediss:// with TLS).")
    return where


def _proxies(value: Any) -> Any:
    if not re.fullmatch("[0-9]", str(value).strip(), re.ASCII):
        raise PydanticCustomError("proxies", "Write how many web servers of your own a request passes before it comes "
                                  "here, from 0 to 9. Behind one nginx or one load balancer it is 1.")
    return int(value)


# What may stand before the name of a host in the setting `frame_ancestors`: all names below it.
_ANY_BELOW = "*."


def _frame_ancestors(origins: tuple[str, ...]) -> tuple[str, ...]:
    """Origins as a Content-Security-Policy has them. They go into a header: what is no origin is refused."""
    return tuple(dict.fromkeys(_origin(text) for text in origins))


def _origin(text: str) -> str:
    """`https://city.example`, or `https://*.city.example` for all names below it."""
    scheme, _, host = text.partition("://")
    below = _ANY_BELOW if host.startswith(_ANY_BELOW) else ""
    try:
        whole = _public_address(f"{scheme}://{host.removeprefix(_ANY_BELOW)}")
        if whole.count("/") != 2:  # A path would be held against that of a page, and most pages have another.
            raise _no_address()
    except PydanticCustomError:
        raise PydanticCustomError("frame_ancestors", "One of these is not the beginning of a site's addresses. Write "
                                  "https:// and the name of the host and nothing behind it, as https://city.example, "
                                  "or https://*.city.example for all names below it; several with commas between them."
                                  ) from None
    return whole.replace("://", f"://{below}", 1)


# White words stand on the colour of a library. 4.5 to 1 is what WCAG 2.2 asks for text (success criterion 1.4.3).
LEAST_CONTRAST = 4.5


def _colour(text: str) -> str:
    if not re.fullmatch("#[0-9a-fA-F]{6}", text):
        raise PydanticCustomError("colour", "This is not a colour. Write # and six digits, as #14387f.")
    contrast = 1.05 / (_luminance(text) + 0.05)
    if contrast < LEAST_CONTRAST:
        raise PydanticCustomError("colour", "White words could not be read on this colour (contrast {contrast} to 1; "
                                  "{least} is needed). Choose a darker one, as #14387f.",
                                  {"contrast": f"{contrast:.1f}", "least": f"{LEAST_CONTRAST:g}"})
    return text.lower()


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it, 0 (black) to 1 (white)."""
    parts = (int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class Settings(BaseSettings):
    """Where things are and how the library presents itself. Reading them raises BadInput where the file is no TOML."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, frozen=True, extra="forbid")

    content: Annotated[
        Path, Field(description="Folder with cases, challenges, cities and vocabulary")] = Path("content")
    data: Annotated[Path, Field(description="Folder for editions; can be deleted, is built again")] = Path(".innoshare")
    embeddings: Annotated[
        str, Field(description="How texts are compared in meaning: `static`, `none`, or a folder with a sentence model "
                               "in ONNX form (`model.onnx`, `tokenizer.json`)"), Field(min_length=1)] = "static"
    base_url: Annotated[
        str, Field(description="Public address of the site, for links that leave it; empty: the address asked for"),
        AfterValidator(_public_address)
    ] = ""
    proxies: Annotated[
        int, Field(description="How many web servers of your own stand before it, each of which adds the address of "
                               "who asked to `X-Forwarded-For`; 0: none is believed"), BeforeValidator(_proxies)] = 0
    ratelimit: Annotated[
        str, Field(description="How much one client may ask, as `600 per minute`; several with a semicolon between "
                               "them; `none`: as much as it likes"), AfterValidator(_ratelimit)] = "600 per minute"
    ratelimit_storage: Annotated[
        str, Field(description="Where that is counted: `memory://`, in each process for itself, or the address of a "
                               "Redis that they share, as `redis://localhost:6379/0`"),
        AfterValidator(_ratelimit_storage)] = MEMORY
    frame_ancestors: Annotated[
        tuple[str, ...], NoDecode,
        Field(description="Sites that may show a search of the library in a frame, as `https://city.example` or "
                          "`https://*.city.example`; empty: any site"),
        BeforeValidator(_separated), AfterValidator(_frame_ancestors)] = ()
    name: Annotated[
        str, Field(description="What the library is called", min_length=1, max_length=60)] = "innoshare"
    colour: Annotated[
        str, Field(description="Colour of its signs and of the band at the top, dark enough for white words"),
        AfterValidator(_colour)] = "#14387f"
    languages: Annotated[
        tuple[str, ...], NoDecode, Field(description="Languages in which it expects questions and cases"),
        BeforeValidator(_separated), AfterValidator(_known_languages)] = LANGUAGES
    repository: Annotated[
        str, Field(description="Address of the repository that holds the content, so that pages can link to it and "
                               "take contributions; empty: they offer a file instead"),
        AfterValidator(_accepted(lambda text: address(text) if text.strip() else ""))] = ""
    forge: Annotated[
        Literal["", Kind],
        Field(description="What kind of site that repository is on: `github`, `gitlab` or `forgejo` (Gitea too); "
                          "empty: told by its address"), AfterValidator(_kind)] = ""
    branch: Annotated[
        str, Field(description="Branch of the repository that is published"), AfterValidator(_accepted(branch_name))
    ] = "main"
    folder: Annotated[
        str, Field(description="Folder of the repository in which the content lies"),
        AfterValidator(_accepted(folder_name))] = "content"
    contact: Annotated[
        str, Field(description="Where one reaches the office that runs the library: a page (`https://…`) or "
                               "`mailto:` and an address; it takes files from those who have no account at the "
                               "code host"),
        AfterValidator(_contact)] = ""

    @property
    def code_host(self) -> Forge | None:
        """The repository on its code host; None where none is named."""
        return Forge.of(self.repository, self.forge, self.branch, self.folder)

    @classmethod
    def settings_customise_sources(cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
                                   env_settings: PydanticBaseSettingsSource,
                                   dotenv_settings: PydanticBaseSettingsSource,
                                   file_secret_settings: PydanticBaseSettingsSource
                                   ) -> tuple[PydanticBaseSettingsSource, ...]:
        try:
            file = TomlConfigSettingsSource(settings_cls, SETTINGS_FILE)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadInput([(str(SETTINGS_FILE), f"The file cannot be read: {error}. Write a setting on each line, as "
                                                 'name = "Library of our cities".')]) from None
        return init_settings, env_settings, file
