"""The file with everything kept about a person; the packages' sections are gathered by importing them here."""

from datetime import datetime

from starlette.responses import Response

import certification.personal_data  # noqa: F401  registers its sections
import events.personal_data  # noqa: F401  registers its sections
from accounts.export import my_data
from accounts.models import Person
from api import respond


async def file_of(person: Person, *, now: datetime) -> Response:
    """The file as a download."""
    return respond.file(await my_data(person, now=now), "application/json", f"confero-{now:%Y-%m-%d}.json")
