"""All addresses of an application as its own map has them, so that a new one is tested by itself."""

import re
from collections.abc import Iterator

from flask import Flask

_ARGUMENT = re.compile(r"<(?:any\((?P<choice>[\w-]+)[^>]*|(?P<number>int)[:(][^>]*|[^>]*)>")


def routes(app: Flask, filling: str = "x") -> Iterator[tuple[str, str, set[str]]]:
    """(endpoint, path, methods) of each rule, with `filling` in place of every argument that takes any text."""
    for rule in app.url_map.iter_rules():
        path = _ARGUMENT.sub(lambda found: found["choice"] or ("1" if found["number"] else filling), rule.rule)
        yield rule.endpoint, path, set(rule.methods or ())
