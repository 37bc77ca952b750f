"""The web face: pages for people, an API for programs, both over one library. `create_app` is the way in.

The application itself is in `app`, and Flask is loaded with it when it is asked for: the command line prints the
same bodies and words (`shapes`, `wording`) and needs no web server for that.
"""

from typing import TYPE_CHECKING

from innoshare.config import Settings
from innoshare.library import Latest, Library

if TYPE_CHECKING:
    from flask import Flask


def create_app(source: Library | Latest | Settings, settings: Settings | None = None) -> "Flask":
    """The application that answers from `source`; see `innoshare.web.app.create_app`."""
    from innoshare.web import app

    return app.create_app(source, settings)
