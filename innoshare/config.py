"""Settings, read once from the environment (`INNOSHARE_*`) and passed on as one frozen object.

This is the only module that looks at the environment. Each field's help is what the README's table shows;
a test holds the two together.
"""

import re
import unicodedata
from ipaddress import IPv6Address
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

ENVIRONMENT_PREFIX = "INNOSHARE_"

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


class Settings(BaseSettings):
    """Where things are and how the library presents itself."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, frozen=True, extra="ignore")

    content: Annotated[Path, Field(description="Folder with cases, cities and vocabulary")] = Path("content")
    data: Annotated[Path, Field(description="Folder for editions; can be deleted, is built again")] = Path(".innoshare")
    embeddings: Annotated[
        str, Field(description="How texts are compared in meaning: `static`, `none`, or a folder with a sentence model "
                               "in ONNX form (`model.onnx`, `tokenizer.json`)"), Field(min_length=1)] = "static"
    base_url: Annotated[
        str, Field(description="Public address of the site, for links that leave it; empty: the address asked for"),
        AfterValidator(_public_address)
    ] = ""
