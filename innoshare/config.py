"""Settings, read once from the environment (`INNOSHARE_*`) and passed on as one frozen object.

This is the only module that looks at the environment. Each field's help is what the README's table shows;
a test holds the two together.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where things are and how the library presents itself."""

    model_config = SettingsConfigDict(env_prefix="INNOSHARE_", frozen=True, extra="ignore")

    content: Annotated[Path, Field(description="Folder with cases, cities and vocabulary")] = Path("content")
    data: Annotated[Path, Field(description="Folder for editions; can be deleted, is built again")] = Path(".innoshare")
    base_url: Annotated[
        str, Field(description="Public address of the site, for links that leave it; empty: the address asked for")
    ] = ""
