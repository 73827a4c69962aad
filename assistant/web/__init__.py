"""The web application: pages, the JSON API, health. The only folder that imports flask."""

from assistant.web.app import create_app

__all__ = ["create_app"]
