"""Logging: JSON lines in production, columns on a terminal. Static event names, ids as fields."""

import logging
import os
import sys

import structlog


def configure(env: str, service: str) -> None:
    """Set up structlog and the standard library's logging for this process."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if env == "production"
        else structlog.dev.ConsoleRenderer(colors=_in_colour(), pad_event_to=24)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=env == "production"),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=env != "test",
    )
    structlog.contextvars.bind_contextvars(service=service)


def _in_colour() -> bool:
    """On a terminal, or where whoever passes the lines on to one says so."""
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))
