"""The OpenAPI document tells the whole truth about the public API, and its examples work as they stand."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

METHODS = {"get", "put", "post", "delete"}
EXAMPLE_CLINIC = "clinic-123"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def document(client: Any) -> dict[str, Any]:
    answer = client.get("/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    found: dict[str, Any] = answer.json
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (method, path, operation)."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield method, path, operation


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(child)


def resolve(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def template(rule: str) -> str:
    """Return a route's template as the document writes it: names as the API spells them."""
    return re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda found: "{" + camel_case(found[1]) + "}", rule)


def camel_case(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def test_it_is_openapi_3_1_and_every_reference_in_it_leads_somewhere(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"].keys() >= {"title", "version", "description"}
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert document["security"] == [{"bearer": []}]
    references = [node for node in nodes(document) if "$ref" in node]
    assert references
    assert all(resolve(document, node) for node in references)


def test_it_documents_every_route_of_the_public_api_and_nothing_else(
    app: Any, document: dict[str, Any]
) -> None:
    routes = {
        (method.lower(), template(rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert {(method, path) for method, path, _ in operations(document)} == routes


def test_every_parameter_is_declared_once_and_those_of_the_path_are_required(
    document: dict[str, Any],
) -> None:
    for method, path, operation in operations(document):
        declared = [*document["paths"][path].get("parameters", []), *operation.get("parameters", [])]
        parameters = [resolve(document, parameter) for parameter in declared]
        places = [(parameter["in"], parameter["name"]) for parameter in parameters]
        of_path = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
        assert len(set(places)) == len(places), (method, path)
        assert of_path == set(re.findall(r"{(\w+)}", path)), (method, path)
        assert all(parameter["required"] for parameter in parameters if parameter["in"] == "path")
        assert all("schema" in parameter for parameter in parameters)


def test_every_operation_says_what_it_does_and_answers_with_an_example(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        assert operation["summary"].endswith("."), (method, path)
        assert operation["tags"]
        success = [code for code in operation["responses"] if code.startswith("2")]
        assert success, (method, path)
        for code, given in operation["responses"].items():
            response = resolve(document, given)
            assert response["description"], (method, path, code)
            if code in success:
                assert all("example" in media and "schema" in media for media in response["content"].values())


def test_every_body_is_required_and_has_an_example(document: dict[str, Any]) -> None:
    with_body = [
        (method, path, operation)
        for method, path, operation in operations(document)
        if method != "get" and (method != "delete" or not path.endswith(("/{eventId}", "/{probeId}")))
    ]
    assert with_body
    for method, path, operation in with_body:
        body = operation["requestBody"]
        assert body["required"] is True, (method, path)
        assert all("example" in media and "schema" in media for media in body["content"].values()), (
            method,
            path,
        )


def test_every_operation_names_the_one_shape_of_errors(document: dict[str, Any], client: Any) -> None:
    shape = set(client.get("/nowhere").json)
    for method, path, operation in operations(document):
        response = resolve(document, operation["responses"]["default"])
        schema = resolve(document, response["content"]["application/json"]["schema"])
        assert set(schema["properties"]) == shape, (method, path)


def test_its_examples_carry_the_keys_that_their_schemas_name(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        responses = [resolve(document, given) for given in operation["responses"].values()]
        for holder in (operation.get("requestBody", {}), *responses):
            for media in holder.get("content", {}).values():
                schema = resolve(document, media["schema"])
                if isinstance(media.get("example"), dict):
                    assert media["example"].keys() <= schema["properties"].keys(), (method, path)


@pytest.fixture
def places(of: Any, call: Any, record: Any, event: Any) -> dict[str, str]:
    """Make what the templates name, and return the values to fill them with."""
    of(EXAMPLE_CLINIC, "PUT", "config", {})
    entry = of(EXAMPLE_CLINIC, "POST", "suppressions", {"email": "own@example.org"}).json["suppression"]
    of_platform = call("POST", "/api/v1/suppressions", {"email": "all@example.org"}).json["suppression"]
    sent = of(EXAMPLE_CLINIC, "POST", "test-email", {"testEmail": "me@example.org"}).json
    probe = of(EXAMPLE_CLINIC, "POST", "probe", {}).json
    record(event("Bounce", source="who@stranger.example"), event("Bounce", source="who@stranger.example"))
    held = [found["id"] for found in call("GET", "/api/v1/events/held").json["events"]]
    return {
        "/api/v1/events/held/{eventId}": held[1],
        "/api/v1/suppressions/{suppressionId}": of_platform["id"],
        "{suppressionId}": entry["id"],
        "{testId}": sent["testId"],
        "{probeId}": probe["probeId"],
        "{eventId}": held[0],
        "{clinicId}": EXAMPLE_CLINIC,
    }


def test_every_example_can_be_sent_as_it_stands_and_is_answered_as_the_document_says(
    document: dict[str, Any], client: Any, people: Any, places: dict[str, str], ses_list: Any
) -> None:
    # Sends first and removals last: else the examples' own patient is suppressed when the email is sent.
    order = sorted(operations(document), key=lambda one: ("test-email" not in one[1], one[0] == "delete"))
    for method, path, operation in order:
        own = places.get(path, "")
        filled = re.sub(r"{(suppressionId|eventId)}", own, path) if own else path
        for name, value in places.items():
            filled = filled if name.startswith("/") else filled.replace(name, value)
        body = operation.get("requestBody", {}).get("content", {})
        (content_type, media), *_ = body.items() or [(None, {})]
        sending: dict[str, Any] = {"json": media["example"]} if content_type == "application/json" else {}
        if content_type == "text/csv":
            sending = {"data": media["example"], "content_type": content_type}

        answer = client.open(filled, method=method, headers=people.super_admin, **sending)

        documented = next(code for code in operation["responses"] if code.startswith("2"))
        assert 200 <= answer.status_code < 300, (method, path, answer.text)
        assert str(answer.status_code) in operation["responses"], (method, path, answer.status_code)
        example = next(iter(operation["responses"][documented]["content"].values()))["example"]
        if isinstance(example, dict):
            optional = {"warnings"}
            assert answer.json.keys() - optional == example.keys(), (method, path)


def test_the_page_loads_only_what_lies_here(client: Any) -> None:
    page = client.get("/docs")
    scripts = client.get("/docs/start.js")
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert (page.status_code, scripts.status_code) == (200, 200)
    assert len(assets) >= 3
    assert all(asset.startswith("/docs/") for asset in assets)
    for asset in assets:
        with client.get(asset) as file:  # closes it
            assert file.status_code == 200
    assert "http" not in page.text + scripts.text
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert "/openapi.json" in scripts.text


@pytest.mark.parametrize("name", ["../__init__.py", "..%2f__init__.py", "nothing.js"])
def test_the_page_gives_out_no_other_file(client: Any, name: str) -> None:
    assert client.get(f"/docs/assets/{name}").status_code == 404
