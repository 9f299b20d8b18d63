"""Forms that may hold files (multipart/form-data, RFC 7578), read so that nothing in them costs more than its bytes.

Starlette reads them; what it leaves to whoever sends them is taken away. A `charset` may name any codec of Python, and
some of those take minutes for a field of a megabyte. A part's head is searched once for each of its semicolons.
"""

import re
from contextlib import aclosing

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from core.errors import AppError

_LONGEST_MEDIA = 500
_BOUNDARY = re.compile(rb"[\w'()+,./:=?-]{1,70}", re.ASCII)
"""RFC 2046 section 5.1.1, but for the space, which nobody sends."""
_MOST_FILES, _MOST_FIELDS, _MOST_SEMICOLONS = 10, 2000, 50


class BadForm(AppError):
    """400: the parts of the form cannot be told apart, or are too many."""

    code, status, message = "bad_form", 400, "The form is not well-formed multipart/form-data."


class _Parts(MultiPartParser):
    def on_headers_finished(self) -> None:
        """The head of a part was read; its name and its file's name are taken out of it."""
        if (self._current_part.content_disposition or b"").count(b";") > _MOST_SEMICOLONS:
            raise MultiPartException("The name of a field or a file holds too many semicolons.")
        super().on_headers_finished()


async def read(request: Request) -> FormData:
    """The fields and files of the form, as UTF-8 or else as Latin-1. Raises `BadForm`."""
    media = request.headers.get("content-type", "")
    if len(media) > _LONGEST_MEDIA:
        raise BadForm()
    boundary = parse_options_header(media)[1].get(b"boundary", b"")
    if not _BOUNDARY.fullmatch(boundary):
        raise BadForm()
    headers = Headers({"content-type": f'multipart/form-data; boundary="{boundary.decode("ascii")}"'})
    try:
        async with aclosing(request.stream()) as stream:
            return await _Parts(headers, stream, max_files=_MOST_FILES, max_fields=_MOST_FIELDS).parse()
    except MultiPartException as problem:
        raise BadForm(problem.message) from None
