"""One form of log line for every process: time (UTC), level, logger, the request it belongs to, message.

A line names routes by their pattern, never by the path, which may hold the secret of a link.
"""

import logging
import time
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="-")
"""The id of the request that this task answers, which its answer carries as X-Request-ID."""


class LineFormatter(logging.Formatter):
    """What was said fits on one line, whatever it holds; a traceback follows on lines of its own."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        """The same form everywhere."""
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request)s] %(message)s")

    @staticmethod
    def converter(seconds: float | None = None) -> time.struct_time:
        """UTC."""
        return time.gmtime(seconds)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  logging's name
        """The line, with line ends of the message written as \\n."""
        record.request = request_id.get()
        record.message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        return super().formatMessage(record)


def configure() -> None:
    """Log to standard error from level INFO on; called once by each process."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for chatty in ("httpx", "tortoise"):  # the one logs whole addresses, the other every statement
        logging.getLogger(chatty).setLevel(logging.WARNING)
