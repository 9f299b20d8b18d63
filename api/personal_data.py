"""The file with everything kept about a person; the packages' sections are gathered by importing them here."""

from datetime import datetime

from starlette.responses import Response, StreamingResponse

import certification.personal_data  # noqa: F401  registers its sections
import events.personal_data  # noqa: F401  registers its sections
from accounts.export import pieces
from accounts.models import Person


async def file_of(person: Person, *, now: datetime) -> Response:
    """The file as a download, sent in pieces."""
    headers = {"Content-Disposition": f'attachment; filename="confero-{now:%Y-%m-%d}.json"'}
    return StreamingResponse(pieces(person, now=now), headers=headers, media_type="application/json")
