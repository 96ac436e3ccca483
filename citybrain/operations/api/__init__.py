"""The room over HTTP: FastAPI with an OpenAPI page, an event stream and metrics."""

from __future__ import annotations

from citybrain.operations.api.app import create_app

__all__ = ["create_app"]
