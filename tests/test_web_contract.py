"""The API holds what its document says, today and in years.

Schemathesis makes requests out of the document, good and bad ones, and compares each answer with it. What was ever
promised stands in `contract/v1.txt`, a line for each address, parameter, field and value: a line is added with what is
added, none is ever taken out.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from innoshare.web.openapi import DOCUMENT

PROMISED = Path(__file__).parent / "contract" / "v1.txt"

# Rules that go beyond what a schema can say, by the parameter and the beginning of the refusal. A request that is good
# by the document may break them and nothing else.
RULES = (("challenge", "Describe the challenge in a sentence or two"), ("city", "There is no city of this name"),
         ("year_from", "It must not be later"), ("page", "Only the first"), ("tag", "A tag is one word"))

# Parameters whose values are the library's own, or those of ISO: they change with the content, not with the API.
OF_THE_CONTENT = ("theme", "challenge_type", "approach", "country", "language")


def test_every_answer_is_as_the_document_says(app: Flask) -> None:
    config = SchemathesisConfig.from_dict({
        "seed": 1, "generation": {"deterministic": True, "max-examples": 8, "database": "none"},
        "phases": {"stateful": {"enabled": False}}})
    schema = schemathesis.openapi.from_wsgi(f"/{DOCUMENT}", app, config=config)
    found, statuses = list[str](), defaultdict[str, set[int]](set)
    for event in from_schema(schema).execute():
        assert not isinstance(event, events.NonFatalError | events.FatalError), event
        if isinstance(event, events.ScenarioFinished):
            for number, interaction in event.recorder.interactions.items():
                asked = event.recorder.cases[number].value
                statuses[asked.operation.label].add(interaction.response.status_code)
                for check in event.recorder.checks.get(number, ()):
                    if check.failure_info and not _is_beyond_a_schema(check.name, interaction.response):
                        found.append(f"{check.failure_info.failure}\n{interaction.request.method} "
                                     f"{interaction.request.uri}\n{interaction.response.content[:300]!r}")
    assert not found, "\n\n".join(found[:5])
    for operation in schema.get_all_operations():
        assert 200 in statuses[operation.ok().label], operation.ok().label  # Else nothing was compared.
    assert statuses["GET /search"] >= {200, 400}
    assert statuses["POST /match"] >= {200, 400}


def _is_beyond_a_schema(check: str, answer: Any) -> bool:
    if check != "positive_data_acceptance" or answer.status_code != 400:
        return False
    return all(any(mistake["parameter"] == name and mistake["detail"].startswith(words) for name, words in RULES)
               for mistake in answer.json()["errors"])


def test_the_document_is_valid(client: FlaskClient) -> None:
    validate(client.get(f"/{DOCUMENT}").json)


def test_what_was_promised_is_kept(client: FlaskClient) -> None:
    """Lines that are gone: a partner's program breaks. Bring back what they say."""
    assert not set(PROMISED.read_text(encoding="utf-8").splitlines()) - today(client)


def test_what_is_new_is_promised_too(client: FlaskClient) -> None:
    """Lines that are new: add them to the file, and 0.1.0 to API_VERSION once a release has gone out without them."""
    assert not today(client) - set(PROMISED.read_text(encoding="utf-8").splitlines())


def today(client: FlaskClient) -> set[str]:
    """What the document promises, and which columns there are, in their order: programs may also count them."""
    columns = client.get("/api/v1/cases.csv").data.decode("utf-8-sig").partition("\r\n")[0].split(",")
    return {*promises(client.get(f"/{DOCUMENT}").json),
            *(f"GET /cases.csv has the column {number}: {name}" for number, name in enumerate(columns, 1))}


def promises(document: dict[str, Any]) -> Iterator[str]:
    """Everything somebody may build on, a line each."""
    shared = document["components"]["parameters"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            where = f"{method.upper()} {path}"
            takes = [shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one
                     for one in operation.get("parameters", ())]
            body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            takes += [{"name": name, "schema": schema, "required": name in body["required"]}
                      for name, schema in body.get("properties", {}).items()]
            for one in takes:
                schema = one["schema"]
                yield f"{where} takes {one['name']}: {_type(schema)}{' (needed)' if one['required'] else ''}"
                yield from (f"{where} takes {one['name']} = {value}"
                            for value in schema.get("items", schema).get("enum", ())
                            if one["name"] not in OF_THE_CONTENT)
            for status, answer in operation["responses"].items():
                yield f"{where} may answer {status}"
                yield from (f"{where} answers {kind}: {_type(content['schema'])}"
                            for kind, content in answer.get("content", {}).items())
                yield from (f"{where} answers {status} with the header {name}" for name in answer.get("headers", ()))
    for name, schema in document["components"]["schemas"].items():
        yield from (f"{name} = {value}" for value in schema.get("enum", ()))
        yield from (f"{name}.{field}: {_type(one)}" for field, one in schema.get("properties", {}).items())
    for name, problem in document["components"]["responses"].items():
        yield f"{name}: {problem['content']['application/problem+json']['example']['type']}"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "const" in schema:
        return repr(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if schema.get("additionalProperties"):
        return f"object of {_type(schema['additionalProperties'])}"
    return str(schema.get("type", "anything"))
