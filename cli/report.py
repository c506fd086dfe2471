"""The command that makes a page of results."""

from __future__ import annotations

from maskmesh.clients.report.report import ReportSettings, run_report


class Report(ReportSettings):
    """Make one HTML page with plots of a run's results; it needs no network to be read."""

    def cli_cmd(self) -> None:
        """Report."""
        run_report(self)
