"""The command that serves the page."""

from __future__ import annotations

from maskmesh.clients.web.settings import WebSettings
from maskmesh.clients.web.web import run_web


class Web(WebSettings):
    """Serve the page: a browser's camera in, boxes, expressions and plots out."""

    def cli_cmd(self) -> None:
        """Serve."""
        run_web(self)
