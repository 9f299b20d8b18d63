"""What a holder takes along: everything conferred on them as one transcript, or as files for a wallet."""

import asyncio
from datetime import UTC, datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from accounts.models import Person
from certification.certificates.models import Certificate
from certification.certificates.sharing import verify_url
from certification.certificates.statements import title_of
from certification.certificates.verification import standing_of
from core import files
from core.errors import NotFound
from core.i18n import N_


class NothingHeld(NotFound):
    """Nothing was conferred on this person yet."""

    code, message = (
        "nothing_held",
        N_("No certificate was conferred on you yet. It can be taken along once there is one."),
    )


async def transcript(person: Person, *, now: datetime) -> bytes:
    """The PDF of everything conferred on `person`, newest first, in their language.

    Raises `NothingHeld`, and `core.typesetting.UnsettableText` where no font has a character of a name.
    """
    from certification.certificates.transcript import TranscriptEntry, TranscriptFacts, render_transcript, worth

    held = await _held(person)
    entries = tuple(
        TranscriptEntry(
            number=one.number,
            achievement=one.achievement,
            holder_name=one.holder_name,
            issuer=one.issuer_name,
            achieved_on=one.achieved_at.astimezone(UTC).date(),
            valid_until=one.valid_until.astimezone(UTC).date() if one.valid_until else None,
            standing=title_of(standing_of(one, now=now)),
            worth=worth(one.hours, one.credits),
            verify_url=verify_url(one),
        )
        for one in held
    )
    name = person.certificate_name or person.display_name
    facts = TranscriptFacts(name, person.locale, now.astimezone(UTC).date(), entries)
    return await asyncio.to_thread(render_transcript, facts)


async def wallet(person: Person) -> bytes:
    """A ZIP with a folder for each certificate: the PDF as it was issued, and its Open Badge as JSON and as VC-JWT.

    Badge backpacks and wallets take in the credential (1EdTech Open Badges 3.0, section 5). Raises `NothingHeld`.
    """
    held = await _held(person)
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for one in held:
            archive.writestr(f"{one.number}/{one.number}.pdf", await files.get(one.pdf_sha256), ZIP_STORED)
            if one.badge is not None:
                archive.writestr(f"{one.number}/open-badge.json", one.badge.credential)
                archive.writestr(f"{one.number}/open-badge.jwt", one.badge.jwt)
    return packed.getvalue()


async def _held(person: Person) -> list[Certificate]:
    held = await Certificate.filter(person_id=person.id).select_related("badge").order_by("-achieved_at", "-id")
    if not held:
        raise NothingHeld()
    return held
