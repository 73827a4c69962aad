"""`/healthz` (the process lives), `/readyz` (it can answer), `/metrics` (Prometheus), `/openapi.json`."""

from __future__ import annotations

from typing import cast

from flask import Response, current_app, jsonify
from flask_openapi3 import APIBlueprint, OpenAPI, Tag
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from assistant.web.current import assistant
from assistant.web.metrics import GENERATION

routes = APIBlueprint("health", __name__, abp_tags=[Tag(name="health")])


@routes.get("/healthz")
def healthz() -> Response:
    """200 as long as the process answers; names the index generation that serves, null where none can."""
    return jsonify(status="ok", index_generation=_generation())


@routes.get("/readyz")
def readyz() -> tuple[Response, int]:
    """200 once the embedder is loaded, 503 before."""
    ready = current_app.extensions["ready"].is_set()
    return jsonify(status="ready" if ready else "starting"), 200 if ready else 503


@routes.get("/openapi.json", doc_ui=False)
def openapi() -> Response:
    """The API as an OpenAPI 3.1 document."""
    return jsonify(cast(OpenAPI, current_app).api_doc)


@routes.get("/metrics")
def metrics() -> Response:
    """Counters in the Prometheus text format."""
    GENERATION.set(_generation() or 0)
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _generation() -> int | None:
    index = assistant().open_index
    return index.manifest.number if index else None
