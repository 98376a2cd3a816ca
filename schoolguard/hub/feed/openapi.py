"""The receiver's interface as an OpenAPI 3.1 document, for whoever writes a dashboard. It does nothing.

A test holds every answer against its schema here.
"""

from __future__ import annotations

from typing import Any

from schoolguard import __version__
from schoolguard.feed.delivery import ENROL, KEYS, PACKED, RECEIVER, SUMMARIES, Verdict
from schoolguard.hub.feed.tokens import Scope
from schoolguard.hub.feed.views import MOST_DOCUMENTS, MOST_SCHOOLS

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_TIME: Schema = {"type": "string", "format": "date-time", "description": "RFC 3339, Viet Nam's time."}
_COUNT: Schema = {"type": "integer", "minimum": 0}


def openapi() -> Schema:
    """Return the document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "SchoolGuard feed",
            "version": __version__,
            "description": (
                "Summaries of counts from schools. A school, its periods and what is missing are told; a"
                " device or a person never is. Dashboards read with a bearer token; gateways sign what they"
                " send."
            ),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": _paths(),
        "components": {
            "schemas": _schemas(),
            "responses": {"Problem": _json("An error.", "Problem")},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": f"Scopes: {', '.join(Scope)}. Made by `schoolguard hub feed token`.",
                }
            },
        },
    }


def _paths() -> Schema:
    page = [_query("after", _TEXT, "Begin behind this school's id."), _limit(MOST_SCHOOLS)]
    numbers = [
        _query("after", _COUNT | {"default": 0}, "Begin behind this number: the last answer's `next`."),
        _limit(MOST_DOCUMENTS),
    ]
    school = {"name": "school", "in": "path", "required": True, "schema": _TEXT, "description": "Its id."}
    return {
        "/feed/v1/schools": _get(
            "schools", "Every school: its last period, what is missing", "Schools", page
        ),
        "/feed/v1/schools/{school}": _get("school", "One school, with gaps and keys", "School", [school]),
        "/feed/v1/gaps": _get("gaps", "Schools that miss something or are silent", "Schools", page),
        "/feed/v1/documents": _get(
            "documents", "The signed documents, in the order in which they came", "Documents", numbers
        ),
        "/feed/v1/openapi.json": _get("openapi", "This document", "Anything", [], token=False),
        "/feed/v1/schema.json": _get("schema", "The documents' JSON Schemas", "Anything", [], token=False),
        RECEIVER: _get("receiver", "The receiver's key, signed with it", "Message", [], token=False),
        SUMMARIES: _post("deliver", "A gateway delivers documents", PACKED, "Message", _PARCEL),
        ENROL: _post("enrol", "A gateway is enrolled with a one-time code", _JSON, "Message", _SIGNED_TWICE),
        KEYS: _post("changeKey", "A gateway's key changes", _JSON, "Message", _SIGNED_TWICE),
    }


_JSON = "application/json"
_SIGNED_TWICE = "A message, and a second signature over it: by the code's key, or by the new key."
_PARCEL = (
    "A parcel of signed documents, packed for slow lines; its form stands in FEED.md. The answer names each"
    f" document by its SHA-256, with what became of it: {', '.join(Verdict)}."
)


def _get(id: str, summary: str, schema: str, parameters: list[Schema], *, token: bool = True) -> Schema:
    operation: Schema = {"operationId": id, "summary": summary, "responses": _answers(summary, schema)}
    if parameters:
        operation["parameters"] = parameters
    if token:
        operation["security"] = [{"token": []}]
    return {"get": operation}


def _post(id: str, summary: str, type: str, schema: str, body: str) -> Schema:
    content = {type: {"schema": {"type": "string", "format": "binary"} if type == PACKED else {}}}
    return {
        "post": {
            "operationId": id,
            "summary": summary,
            "requestBody": {"required": True, "description": body, "content": content},
            "responses": _answers(summary, schema),
        }
    }


def _answers(summary: str, schema: str) -> Schema:
    return {"200": _json(summary, schema), "default": {"$ref": "#/components/responses/Problem"}}


def _json(description: str, schema: str) -> Schema:
    content = {_JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": description, "content": content}


def _query(name: str, schema: Schema, description: str) -> Schema:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _limit(most: int) -> Schema:
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": most}
    return _query("limit", schema, "So many at most.")


def _object(members: dict[str, Schema], optional: tuple[str, ...] = ()) -> Schema:
    required = [name for name in members if name not in optional]
    return {"type": "object", "properties": members, "required": required, "additionalProperties": False}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _schemas() -> Schema:
    last = _object({"sequence": _COUNT, "kind": _TEXT, "begin": _TIME, "end": _TIME})
    gap = _object({"first": _COUNT, "last": _COUNT})
    key = _object({"key": _TEXT, "added": _TIME, "replaced": _or_null(_TIME), "revoked": _or_null(_TIME)})
    gateway = _object(
        {
            "id": _TEXT,
            "software": _TEXT,
            "enrolled": _TIME,
            "arrived": _or_null(_TIME),
            "clock-ahead-seconds": _or_null({"type": "integer"}),
            "last": _or_null(last),
            "received": _COUNT,
            "missing": _COUNT,
            "gaps": {"type": "array", "maxItems": 100, "items": gap},
            "refused": _COUNT,
            "refused-last": _or_null(_object({"time": _TIME, "reason": _TEXT})),
            "keys": {"type": "array", "items": key},
        },
        ("keys",),
    )
    gateways = {"type": "array", "items": {"$ref": "#/components/schemas/Gateway"}}
    school = {"school": _TEXT, "silent": {"type": "boolean"}, "gateways": gateways}
    document = {"number": _COUNT, "school": _TEXT, "gateway": _TEXT, "arrived": _TIME, "signed": _TEXT}
    head = {"format": _TEXT, "time": _TIME}
    schools = {"type": "array", "items": _object(school)}
    return {
        "Gateway": gateway,
        "School": _object({**head, **school}),
        "Schools": _object({**head, "schools": schools, "next": _or_null(_TEXT)}),
        "Documents": _object(
            {"format": _TEXT, "documents": {"type": "array", "items": _object(document)}, "next": _COUNT}
        ),
        "Message": _object({"key": _TEXT, "message": {"type": "object"}, "signature": _TEXT}),
        "Problem": _object({"format": _TEXT, "code": _TEXT, "message": _TEXT}),
        "Anything": {"type": "object"},
    }
