"""Structured logs on standard error: lines for people at a terminal, JSON elsewhere."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog

from maskmesh.services.runtime.observing.tracing import current_ids

LogFormat = Literal["auto", "console", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]


class _Written:
    """What this process writes."""

    debug = False


def configure_logging(level: LogLevel = "info", log_format: LogFormat = "auto") -> None:
    """Set up structlog for this process.

    Args:
        level: The least severe level that is written.
        log_format: "auto" writes lines for people if standard error is a terminal, else JSON.
    """
    if log_format == "auto":
        log_format = "console" if sys.stderr.isatty() else "json"
    _Written.debug = level == "debug"
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    processors: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_trace,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if log_format == "console":
        # Not the default, which shows the values of variables where rich is installed: pixels.
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    else:
        processors.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*processors, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )


def debug_is_written() -> bool:
    """Return whether lines of level debug are written; asking is cheaper than writing in vain."""
    return _Written.debug


def _add_trace(
    _logger: object, _method: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Add the ids of the span that a line was written in, so that it is found by its trace."""
    line.update(current_ids())
    return line


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return a logger whose lines carry the name of the part that writes them."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=name)
    return logger
