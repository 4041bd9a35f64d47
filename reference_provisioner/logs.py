"""The log of the provisioner: one JSON object a line, with the names by which operators look for a case."""

import json
import logging
from datetime import UTC, datetime
from typing import Final

# What a message may be about, besides its text; given as `extra`.
FIELDS: Final = (
    "i_event", "i_account", "action", "order", "group", "status", "notification", "task", "attempts", "login",
)  # fmt: skip


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON; no password or token is ever handed to it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without its end."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure() -> None:
    """Have every module of the process write its messages this way, to the standard error stream."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
