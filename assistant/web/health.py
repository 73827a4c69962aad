"""`/healthz` (the process lives), `/readyz` (it can answer), `/metrics` (Prometheus), `/openapi.json`."""

from __future__ import annotations

from typing import cast

from flask import Response, current_app, jsonify
from flask_openapi3 import APIBlueprint, OpenAPI, Tag
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from assistant.web.current import assistant
from assistant.web.metrics import DEGRADED, GENERATION

routes = APIBlueprint("health", __name__, abp_tags=[Tag(name="health")])


@routes.get("/healthz")
def healthz() -> Response:
    """200 as long as the process answers: "ok", or "degraded" where not the generation serves that should.

    Names the one that serves, null where none can.
    """
    health = assistant().health()
    return jsonify(status="degraded" if health.degraded else "ok", index_generation=health.generation)


@routes.get("/readyz")
def readyz() -> tuple[Response, int]:
    """200 once the embedder is loaded, 503 before. "degraded" answers too, from the last good generation."""
    if not current_app.extensions["ready"].is_set():
        return jsonify(status="starting"), 503
    return jsonify(status="degraded" if assistant().health().degraded else "ready"), 200


@routes.get("/openapi.json", doc_ui=False)
def openapi() -> Response:
    """The API as an OpenAPI 3.1 document."""
    return jsonify(cast(OpenAPI, current_app).api_doc)


@routes.get("/metrics")
def metrics() -> Response:
    """Counters in the Prometheus text format."""
    health = assistant().health()
    GENERATION.set(health.generation or 0)
    DEGRADED.set(bool(health.degraded))
    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)
