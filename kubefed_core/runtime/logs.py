"""What the process says on stderr: text for people, or one JSON object a line for machines."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

from kubefed_core.objects import timestamp


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, str] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        if record.exc_info:
            said["error"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)


class _Text(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname).1s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        moment = datetime.fromtimestamp(record.created, UTC)
        return f"{timestamp(moment)[:-1]}.{int(record.msecs):03d}Z"


def set_up(*, style: str, verbosity: int, stream: TextIO | None = None) -> None:
    """`style` is text or json; `verbosity` as klog counts: from 4 on it is everything.

    Libraries speak from WARNING on, whatever the verbosity: some of them log
    requests with their headers.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Json() if style == "json" else _Text())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    level = logging.DEBUG if verbosity >= 4 else logging.INFO
    for ours in ("kubefed_core", "kubefed_dns"):
        logging.getLogger(ours).setLevel(level)
