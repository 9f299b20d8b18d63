"""What a connection may take: the head of a request in ten seconds and 64 KiB, its body not for ever.

uvicorn waits without an end for both, so that a few thousand connections that send a byte now and then would be all
there are.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_SLOW = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Connection(HttpToolsProtocol):
    """uvicorn's protocol with an end to its patience."""

    head_seconds = 10.0
    head_bytes = 64 * 1024
    body_seconds = 60.0
    """Longer than any request may take, which the request's own timeout answers with a sentence."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # Any: uvicorn's
        super().__init__(*arguments, **options)
        self._head: asyncio.TimerHandle | None = None
        self._body: asyncio.TimerHandle | None = None
        self._received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Somebody has connected, and may say what they want."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side has gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request."""
        self._received += len(data)
        super().data_received(data)
        if self._head is not None and self._received > self.head_bytes:
            self._end(_LARGE)

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        """The end of a head."""
        self._stop_waiting()
        self._body = self.loop.call_later(self.body_seconds, self._is_late_with_body)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The end of a request."""
        self._stop_waiting()
        self._received = 0
        super().on_message_complete()

    def _expect_head(self) -> None:
        if self._head is None:
            self._head = self.loop.call_later(self.head_seconds, self._is_late_with_head)

    def _is_late_with_head(self) -> None:
        self._head = None
        if self.cycle is not None and not self.cycle.response_complete:
            self._expect_head()  # it is still being answered what it asked before
        else:
            self._end(_SLOW if self._received else b"")

    def _is_late_with_body(self) -> None:
        self._body = None
        self._end(b"")

    def _end(self, answer: bytes) -> None:
        self._stop_waiting()
        if not self.transport.is_closing():
            self.transport.write(answer)
            self.transport.close()

    def _stop_waiting(self) -> None:
        for timer in (self._head, self._body):
            if timer is not None:
                timer.cancel()
        self._head = self._body = None
