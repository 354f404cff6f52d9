"""The reference of the API as a page: made from the OpenAPI document, without script or network."""

from collections.abc import Iterator
from html import escape
from typing import Any

from web.api.endpoint import Answer, Call
from web.api.openapi import document

STYLE = """
body{margin:0 auto;max-width:62rem;padding:1.5rem;background:#0e1116;color:#e6e9ee;
font:16px/1.5 system-ui,sans-serif}
a{color:#7cc0ff}
h2{margin:2.5rem 0 .5rem;border-bottom:1px solid #39404c}
article{margin:1.2rem 0;padding:.8rem 1rem;border:1px solid #39404c;border-radius:.4rem}
h3{margin:0;font:600 1rem ui-monospace,monospace;overflow-wrap:anywhere}
table{border-collapse:collapse;margin:.5rem 0;width:100%}
th,td{padding:.15rem .8rem .15rem 0;text-align:left;vertical-align:top;overflow-wrap:anywhere}
code{font-family:ui-monospace,monospace}
.role{float:right;color:#a9b2c0}
"""


def reference(call: Call) -> Answer:
    """The reference of this API as a page."""
    from web.api.table import ENDPOINTS

    return Answer(text=page(document(ENDPOINTS)), media="text/html; charset=utf-8")


def style(call: Call) -> Answer:
    """How the reference looks."""
    return Answer(text=STYLE, media="text/css; charset=utf-8")


def page(told: dict[str, Any]) -> str:
    """Return the page of a document."""
    return "\n".join([
        "<!doctype html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{escape(told['info']['title'])} API</title>",
        '<link rel="icon" href="/static/icon.svg">',
        '<link rel="stylesheet" href="/api/reference.css">', "</head>", "<body>", "<main>",
        f"<h1>{escape(told['info']['title'])} API</h1>",
        f"<p>{escape(told['info']['description'])} For programs: "
        '<a href="/api/openapi.json">openapi.json</a>. News: a websocket at '
        "<code>/ws</code> sends <code>snapshot</code>, then numbered <code>change</code>s, "
        "<code>beat</code>, and <code>behind</code> before a new snapshot; "
        "<code>/ws?section=depth</code> has the ladder, too, whole with each "
        "<code>section</code>.</p>",
        *_operations(told), "<h2 id=\"schemas\">Schemas</h2>", *_schemas(told),
        "</main>", "</body>", "</html>",
    ])  # fmt: skip


def _operations(told: dict[str, Any]) -> Iterator[str]:
    by_tag: dict[str, list[str]] = {}
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            shown = "".join(_operation(path, method, operation))
            by_tag.setdefault(operation["tags"][0], []).append(shown)
    for tag, shown_here in by_tag.items():
        yield f"<h2>{escape(tag)}</h2>"
        yield from shown_here


def _operation(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f'<article><span class="role">{escape(operation["x-role"])}</span>'
    yield f"<h3>{escape(method.upper())} {escape(path)}</h3>"
    yield f"<p>{escape(operation['description'])}</p>"
    if operation["parameters"]:
        rows = "".join(
            f"<tr><td><code>{escape(field['name'])}</code></td><td>{escape(field['in'])}</td>"
            f"<td>{escape(_kind(field['schema']))}</td><td>{escape(field['description'])}</td></tr>"
            for field in operation["parameters"]
        )
        yield f"<table><tbody>{rows}</tbody></table>"
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        yield f"<p>Body: {_linked(schema)}</p>"
    answers = ", ".join(
        f"<code>{escape(status)}</code> {_answer(answer)}"
        for status, answer in operation["responses"].items()
    )
    yield f"<p>Answers: {answers}</p></article>"


def _answer(answer: dict[str, Any]) -> str:
    media, content = next(iter(answer["content"].items()))
    if "$ref" in content["schema"]:
        return _linked(content["schema"])
    return escape(media)


def _schemas(told: dict[str, Any]) -> Iterator[str]:
    for name, schema in sorted(told["components"]["schemas"].items()):
        yield f'<article id="{escape(name)}"><h3>{escape(name)}</h3>'
        yield f"<p>{escape(schema['description'])}</p><table><tbody>"
        for key, part in schema["properties"].items():
            yield f"<tr><td><code>{escape(key)}</code></td><td>{_linked(part)}</td></tr>"
        yield "</tbody></table></article>"


def _linked(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(map(_linked, schema["anyOf"]))
    if schema.get("type") == "array":
        return f"array of {_linked(schema['items'])}"
    return escape(_kind(schema))


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    told = str(schema.get("type", "any"))
    bounds = [str(schema[key]) for key in ("minimum", "maximum") if key in schema]
    told += f" {' to '.join(bounds)}" if bounds else ""
    return told + (f", else {schema['default']}" if "default" in schema else "")
