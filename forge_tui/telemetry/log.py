"""The log file: JSON lines by structlog in the state folder, rotated by size, readable by its owner only.

Faces import this module when they start running, not before: structlog costs a third of a second.
"""

import logging
import os
from collections.abc import Callable, MutableMapping
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import structlog

from forge_tui.core.event import BatchSettled, Event, JobStateChanged, TicketChecked, TicketFailed
from forge_tui.core.failure import RULES, Burn
from forge_tui.core.text import clean
from forge_tui.telemetry.crash import name_and_place
from forge_tui.telemetry.event_log import as_json, event_level, event_name
from forge_tui.telemetry.redact import WITHHELD, Redactor

LOGGER = "forge_tui"
FILE_NAME = "forge-tui.log"
MAX_BYTES = 10 * 1024 * 1024
KEPT_FILES = 3

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warn": logging.WARNING, "error": logging.ERROR}
# httpx writes an INFO line with the whole URL for each request, aiosqlite and asyncio one for each statement.
_NOISY = ("httpx", "httpcore", "aiosqlite", "asyncio", "charset_normalizer")

Processor = Callable[[Any, str, MutableMapping[str, Any]], MutableMapping[str, Any]]


class _OwnersFile(RotatingFileHandler):
    """A rotated file that nobody but its owner may read, from its first byte on."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        os.fchmod(descriptor, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: ARG002, N802 - the library's signature
        """Whether the file is full; the library's own check formats every record a second time."""
        return self.stream is not None and os.fstat(self.stream.fileno()).st_size >= self.maxBytes

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Drop what cannot be written: the library would print a traceback over the screen."""


class Log:
    """An open log: `logger` takes records, `event` subscribes to the bus, `close` gives the file back."""

    def __init__(self, logger: structlog.stdlib.BoundLogger, handler: logging.Handler) -> None:
        self.logger = logger
        self._handler = handler
        self._stdlib = logging.getLogger(LOGGER)

    def event(self, event: Event) -> None:
        """Write one event of the bus, its facts as fields."""
        level = _LEVELS[event_level(event)]
        if not self._stdlib.isEnabledFor(level):
            return
        facts = {key: value for key, value in as_json(event).items() if key not in {"event", "level"}}
        if foreign := _foreign_field(event):
            facts[foreign] = WITHHELD
        self.logger.log(level, event_name(event), **facts)

    def bug(self, error: BaseException) -> None:
        """Write what ended a run, without its own words: they may repeat a ticket's."""
        name, place = name_and_place(error)
        self.logger.error("bug", error=name, place=place)

    def close(self) -> None:
        logging.getLogger().removeHandler(self._handler)
        self._handler.close()


def _foreign_field(event: Event) -> str | None:
    """The field that may repeat a ticket's text, because provider or model wrote it; the store keeps it with the ticket."""
    match event:
        case BatchSettled() | TicketFailed() | TicketChecked() if event.message and event.http_status is not None:
            return "message"
        case JobStateChanged() if event.code is not None and RULES[event.code].burn is Burn.TICKET:
            return "reason"
        case _:
            return None


def open_log(folder: Path, level: str, redactor: Redactor, wall: Callable[[], float]) -> Log:
    """Send everything of at least `level` (debug, info, warning, error) to the log file in `folder`.

    `wall` gives the time stamps. Raises OSError when the file cannot be opened.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handler = _OwnersFile(folder / FILE_NAME, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8")
    shared: list[Processor] = [_stamper(wall), structlog.stdlib.add_log_level, structlog.stdlib.add_logger_name]
    # Tracebacks are turned to text, without local variables, before anything is redacted.
    last: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _redaction(redactor),
    ]
    renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[*last, renderer], foreign_pre_chain=shared))
    logging.getLogger().addHandler(handler)
    logging.getLogger(LOGGER).setLevel(level.upper())
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    return Log(structlog.stdlib.get_logger(LOGGER), handler)


def _stamper(wall: Callable[[], float]) -> Processor:
    def stamp(_: Any, __: str, record: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {"time": round(wall(), 3), **record}

    return stamp


def _redaction(redactor: Redactor) -> Processor:
    def redact(_: Any, __: str, record: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {
            key: clean(value) if isinstance(value, str) else value for key, value in redactor.record(record).items()
        }

    return redact
