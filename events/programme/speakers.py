"""Those who speak at an organization's events."""

from typing import Any
from uuid import UUID

from accounts import audit
from accounts.models import Organization, Person
from core.database import fetchval, transaction
from core.errors import Conflict, NotFound
from core.i18n import N_
from core.i18n import gettext as _
from core.markdown import render_markdown
from events.catalog import events
from events.programme import queries, sessions
from events.programme.models import Speaker
from events.programme.schemas import SpeakerChange, SpeakerIn


class SpeakerInUse(Conflict):
    """A speaker who has sessions cannot be removed."""

    code, message = "speaker_in_use", N_("Take this speaker off their sessions before you remove them.")


async def create(organization: Organization, data: SpeakerIn, *, by: Person) -> Speaker:
    """Add a speaker to the organization."""
    async with transaction():
        speaker = await Speaker.create(
            organization=organization, biography_html=render_markdown(data.biography), **data.model_dump()
        )
        await _record("speaker.created", speaker, by)
    return speaker


async def change(speaker: Speaker, data: SpeakerChange, *, by: Person) -> Speaker:
    """Change what is given; events stay findable by the new name. Locks those events, then the speaker."""
    given: dict[str, Any] = data.model_dump(exclude_unset=True, exclude_none=True)
    async with transaction():
        at = [await events.lock(event) for event in await queries.events_of_speaker(speaker.id)]
        locked = await _lock(speaker)
        locked.update_from_dict(given)
        locked.biography_html = render_markdown(locked.biography)
        await locked.save(update_fields=[*given, "biography_html"])
        await _record("speaker.changed", locked, by)
        for event in at:
            await sessions.reindex(event)
    return locked


async def remove(speaker: Speaker, *, by: Person) -> None:
    """Remove a speaker without sessions. Raises `SpeakerInUse`."""
    async with transaction():
        locked = await _lock(speaker)
        if await fetchval("SELECT 1 FROM session_speaker WHERE speaker_id = $1 LIMIT 1", speaker.id):
            message = _("%(name)s has sessions. Take them off those first.")
            raise SpeakerInUse(message % {"name": locked.name})
        await locked.delete()
        await _record("speaker.removed", locked, by)


async def _lock(speaker: Speaker) -> Speaker:
    """The row as it is now, the only copy that is written. Raises `NotFound` where it was removed meanwhile."""
    locked = await Speaker.select_for_update().get_or_none(id=speaker.id)
    if locked is None:
        raise NotFound()
    return locked


async def one(organization_id: UUID, speaker_id: UUID) -> Speaker:
    """A speaker of this organization. Raises `NotFound`."""
    speaker = await Speaker.get_or_none(id=speaker_id, organization_id=organization_id)
    if speaker is None:
        raise NotFound()
    return speaker


async def _record(action: str, speaker: Speaker, by: Person) -> None:
    """A speaker's name is public on the programme, but the log outlives them: only the id is kept."""
    await audit.record(
        action, by=by, object_kind="speaker", object_id=speaker.id, organization_id=speaker.organization_id
    )
