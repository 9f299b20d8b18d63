"""/organize/events/{slug}/programme and /speakers: sessions by day and room, and who speaks."""

from collections import Counter
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api import auth, parse
from api.pages import words
from api.pages.events import schedule
from api.pages.organize_events import REFUSALS, find, page
from api.render import FormState, form_state, redirect
from api.v1.programme import values_of
from core.errors import AppError, Conflict
from core.i18n import gettext as _
from events.catalog import rooms
from events.catalog.models import Event
from events.onsite import session_lists
from events.programme import grid, queries, sessions, speakers
from events.programme.models import Session, Speaker
from events.programme.schemas import SessionIn, SpeakerChange, SpeakerIn

EDIT = "event:programme:edit"


async def show(request: Request) -> Response:
    """The programme by day and room; each session leads to its form."""
    event = await find(request, EDIT)
    rows = await queries.programme(event.id)
    href = f"/organize/events/{event.slug}/programme/sessions/{{id}}"
    context = {
        "days": [schedule(day, event, href) for day in grid.days_of(rows, event.zone)],
        "unscheduled": [row for row in rows if row.starts_at is None],
    }
    return await page(request, event, "programme", context)


async def new_session(request: Request) -> Response:
    """A form for a session, after the last one."""
    return await _session_page(request, await find(request, EDIT))


async def create_session(request: Request) -> Response:
    """Add a session; a clash of room or speaker is named and nothing typed is lost."""
    event = await find(request, EDIT)
    try:
        await sessions.create(event, await parse.form(request, SessionIn), by=auth.current_person(request))
    except REFUSALS as error:
        return await _session_page(request, event, error=error)
    return redirect(f"/organize/events/{event.slug}/programme", flash=_("The session is on the programme."))


async def edit_session(request: Request) -> Response:
    """The form of one session."""
    event = await find(request, EDIT)
    return await _session_page(request, event, await sessions.one(event, request.path_params["id"]))


async def save_session(request: Request) -> Response:
    """Change a session; refusals as for a new one."""
    event = await find(request, EDIT)
    session = await sessions.one(event, request.path_params["id"])
    try:
        await sessions.change(event, session, await parse.form(request, SessionIn), by=auth.current_person(request))
    except REFUSALS as error:
        return await _session_page(request, event, session, error)
    return redirect(f"/organize/events/{event.slug}/programme", flash=_("Saved."))


async def remove_session(request: Request) -> Response:
    """Take a session off the programme."""
    event = await find(request, EDIT)
    session = await sessions.one(event, request.path_params["id"])
    try:
        await session_lists.remove_session(event, session, by=auth.current_person(request))
    except Conflict as error:
        return redirect(f"/organize/events/{event.slug}/programme", flash=error.message, kind="danger")
    return redirect(f"/organize/events/{event.slug}/programme", flash=_("The session is removed."))


async def list_speakers(request: Request) -> Response:
    """The organization's speakers, and a form to add one."""
    return await _speakers_page(request, await find(request, EDIT))


async def add_speaker(request: Request) -> Response:
    """Add a speaker."""
    event = await find(request, EDIT)
    try:
        data = await parse.form(request, SpeakerIn)
        await speakers.create(event.organization, data, by=auth.current_person(request))
    except REFUSALS as error:
        return await _speakers_page(request, event, error=error)
    return redirect(f"/organize/events/{event.slug}/speakers", flash=_("The speaker is added."))


async def edit_speaker(request: Request) -> Response:
    """The speakers, with a form for one of them."""
    event = await find(request, EDIT)
    return await _speakers_page(request, event, await _speaker(request, event))


async def save_speaker(request: Request) -> Response:
    """Change a speaker."""
    event = await find(request, EDIT)
    speaker = await _speaker(request, event)
    try:
        given = await parse.form(request, SpeakerIn)
        data = SpeakerChange(**given.model_dump())
        await speakers.change(speaker, data, by=auth.current_person(request))
    except REFUSALS as error:
        return await _speakers_page(request, event, speaker, error)
    return redirect(f"/organize/events/{event.slug}/speakers", flash=_("Saved."))


async def remove_speaker(request: Request) -> Response:
    """Remove a speaker without sessions."""
    event = await find(request, EDIT)
    try:
        await speakers.remove(await _speaker(request, event), by=auth.current_person(request))
    except Conflict as error:
        return redirect(f"/organize/events/{event.slug}/speakers", flash=error.message, kind="danger")
    return redirect(f"/organize/events/{event.slug}/speakers", flash=_("The speaker is removed."))


async def _speaker(request: Request, event: Event) -> Speaker:
    return await speakers.one(event.organization_id, request.path_params["id"])


async def _session_page(
    request: Request, event: Event, session: Session | None = None, error: AppError | None = None
) -> Response:
    known = await queries.speakers_of(event.organization_id)
    tags = list(dict.fromkeys((*event.languages, *([session.language] if session else []))))
    context = {
        "session": session,
        "form": await _session_form(request, event, session, error),
        "kinds": words.kinds(),
        "languages": [(tag, words.language_name(tag)) for tag in tags],
        "rooms": [("", _("No room yet")), *((room.id, room.name) for room in await rooms.of_event(event.id))],
        "speakers": [(speaker.id, speaker.name) for speaker in known],
        "earliest": _typed_moment(event, event.starts_at),
        "latest": _typed_moment(event, event.ends_at),
    }
    return await page(request, event, "session", context, current="programme", error=error)


async def _session_form(request: Request, event: Event, session: Session | None, error: AppError | None) -> FormState:
    initial: dict[str, Any] = {"kind": "talk", "language": event.languages[0], "speakers": []}
    if session is not None:
        initial = await values_of(session)
        initial["kind"] = session.kind.value
        initial["speakers"] = [str(speaker_id) for speaker_id in initial["speakers"]]
    else:
        latest = [row.ends_at for row in await queries.programme(event.id) if row.ends_at is not None]
        starts_at = max(latest, default=event.starts_at)
        if starts_at < event.ends_at:
            initial["starts_at"], initial["ends_at"] = starts_at, min(starts_at + timedelta(hours=1), event.ends_at)
    for name in ("starts_at", "ends_at"):
        initial[name] = _typed_moment(event, initial[name]) if initial.get(name) else ""
    form = form_state(request, initial, error)
    if isinstance(form.values["speakers"], str):
        form.values["speakers"] = [form.values["speakers"]]
    return form


def _typed_moment(event: Event, moment: Any) -> str:  # Any: a datetime
    return str(moment.astimezone(event.zone).strftime("%Y-%m-%dT%H:%M"))


async def _speakers_page(
    request: Request, event: Event, speaker: Speaker | None = None, error: AppError | None = None
) -> Response:
    initial = {name: getattr(speaker, name) for name in SpeakerIn.model_fields} if speaker else {}
    rows = await queries.programme(event.id)
    context = {
        "speakers": await queries.speakers_of(event.organization_id),
        "counts": Counter(speaker.id for row in rows for speaker in row.speakers),
        "speaker": speaker,
        "form": form_state(request, initial, error),
    }
    return await page(request, event, "speakers", context, error=error)
