"""Logging: JSON lines in production, columns on a terminal. Static event names, ids as fields."""

import json
import logging
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog

_REQUEST_LINE = orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
_log = structlog.get_logger()

Fields = structlog.typing.EventDict


def configure(env: str, service: str) -> None:
    """Set up structlog and the standard library's logging for this process."""
    renderer: structlog.typing.Processor
    if env == "production":
        renderer = structlog.processors.JSONRenderer(serializer=_line)
        loggers: Callable[..., Any] = structlog.BytesLoggerFactory()
    else:
        renderer = structlog.dev.ConsoleRenderer(colors=_in_colour(), pad_event_to=24)
        loggers = structlog.PrintLoggerFactory()
    said: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=env == "production"),
        structlog.processors.format_exc_info,
    ]
    _take_over_libraries(said, renderer, service)
    structlog.configure(
        processors=[*said, renderer],
        logger_factory=loggers,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=env != "test",
    )
    structlog.contextvars.bind_contextvars(service=service)


def _take_over_libraries(
    said: list[structlog.typing.Processor], renderer: structlog.typing.Processor, service: str
) -> None:
    """What libraries (uvicorn, asyncio) warn of, in lines of the same form as ours."""

    def of_service(_: Any, __: str, fields: Fields) -> Fields:
        return {"service": service, **fields}

    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            renderer,
            lambda _, __, line: line.decode() if isinstance(line, bytes) else line,
        ],
        foreign_pre_chain=[of_service, structlog.stdlib.add_logger_name, *said],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def write_request(**fields: Any) -> None:
    """The line of one request: what structlog would write, put together for this one event."""
    if not isinstance(structlog.get_config()["logger_factory"], structlog.BytesLoggerFactory):
        _log.info("request", **fields)
        return
    bound = structlog.contextvars.get_contextvars()
    said = {**bound, **fields, "event": "request", "level": "info", "timestamp": datetime.now(UTC)}
    sys.stdout.buffer.write(orjson.dumps(said, option=_REQUEST_LINE))
    sys.stdout.buffer.flush()


def _line(fields: dict[str, Any], default: Callable[[Any], Any]) -> bytes:
    """The line as JSON; by the slower way what the faster one cannot say, for no line is lost."""
    try:
        return orjson.dumps(fields, default=default)
    except TypeError:  # a whole number of more than 64 bits, half of a surrogate pair, odd keys
        return json.dumps(fields, default=default).encode()


def _in_colour() -> bool:
    """On a terminal, or where whoever passes the lines on to one says so."""
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))
