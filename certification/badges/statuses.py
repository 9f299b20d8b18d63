"""Whether a badge is revoked or suspended: its bits in status lists.

Source: W3C Bitstring Status List 1.0, section 3.2 (validate algorithm).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

from openbadgeslib import ob3
from openbadgeslib.errors import LibOpenBadgesException

from certification.badges import addresses, status_lists
from certification.badges.linked_data import Document
from certification.badges.models import StatusPurpose
from certification.badges.reading import Presented, members, strings
from certification.badges.verdicts import Finding, Reason

AskList: TypeAlias = Callable[[str], Awaitable[Document | None]]
"""Gets a status list credential that was checked, by its address; None where there is none to rely on."""

_REASONS: Final = {StatusPurpose.revocation: Reason.revoked, StatusPurpose.suspension: Reason.suspended}
_MOST_ENTRIES: Final = 8


async def find(presented: Presented, ask_list: AskList | None, *, has_database: bool) -> list[Finding]:
    """What the badge's status entries come to; entries that cannot be answered are one `status_unavailable`."""
    declared = presented.document.get("credentialStatus")
    entries = members(declared)
    unread = declared not in (None, []) and (not entries or len(entries) > _MOST_ENTRIES)
    findings: list[Finding] = []
    for entry in entries[:_MOST_ENTRIES]:
        if _is_informative(entry):
            continue
        purpose = _purpose(entry)
        own = _own_list(entry, purpose, presented.claims.issuer_id) if has_database and purpose is not None else None
        is_set = None if purpose is None else await _bit(entry, purpose, ask_list, own)
        if is_set is None:
            unread = True
        elif is_set and purpose is not None:
            findings.append(Finding(_REASONS[purpose], _address(entry)))
    if unread:
        findings.append(Finding(Reason.status_unavailable, _address(entries[0]) if entries else ""))
    return findings


def has_status(presented: Presented) -> bool:
    """Whether the badge names a list in which its issuer may withdraw it."""
    return any(not _is_informative(entry) for entry in members(presented.document.get("credentialStatus")))


def bit(document: Document, purpose: StatusPurpose, index: int) -> bool | None:
    """One bit of a status list credential, the most significant of the first byte first; None where it has none."""
    subject = next(iter(members(document.get("credentialSubject"))), {})
    encoded = subject.get("encodedList")
    if purpose.value not in strings(subject.get("statusPurpose")) or subject.get("statusSize", 1) != 1:
        return None
    try:
        bits = ob3.decode_encoded_list(encoded) if isinstance(encoded, str) else b""
    except (LibOpenBadgesException, ValueError):
        return None
    if not 0 <= index < len(bits) * 8:
        return None
    return bool(bits[index // 8] & (0x80 >> index % 8))


@dataclass(frozen=True, slots=True)
class _OwnList:
    """A list of this server, as named by a badge of the organization called `slug`."""

    list_id: UUID
    slug: str


async def _bit(entry: Document, purpose: StatusPurpose, ask_list: AskList | None, own: _OwnList | None) -> bool | None:
    address, index = entry.get("statusListCredential"), _index(entry)
    if not isinstance(address, str) or index is None:
        return None
    if own is not None:
        status = await status_lists.status_at(own.list_id, index, slug=own.slug)
        if status is None:
            return None
        return status.is_revoked if purpose is StatusPurpose.revocation else status.is_suspended
    document = await ask_list(address) if ask_list is not None else None
    if document is None or document.get("id") != address:
        return None
    return bit(document, purpose, index)


def _is_informative(entry: Document) -> bool:
    """Whether the entry is a list's, yet of a purpose that withdraws nothing, such as `refresh` or `message`."""
    purposes = strings(entry.get("statusPurpose"))
    return entry.get("type") == "BitstringStatusListEntry" and bool(purposes) and not set(purposes) & set(StatusPurpose)


def _purpose(entry: Document) -> StatusPurpose | None:
    if "BitstringStatusListEntry" not in strings(entry.get("type")) or entry.get("statusSize", 1) != 1:
        return None
    purpose = entry.get("statusPurpose")
    return StatusPurpose(purpose) if isinstance(purpose, str) and purpose in set(StatusPurpose) else None


def _index(entry: Document) -> int | None:
    text = entry.get("statusListIndex")
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 12 else None


def _own_list(entry: Document, purpose: StatusPurpose, issuer: str) -> _OwnList | None:
    """A list of this server, which speaks for its own issuer alone."""
    address, slug = entry.get("statusListCredential"), addresses.slug_of(issuer)
    if slug is None or not isinstance(address, str):
        return None
    prefix, _, _ = addresses.status_list(UUID(int=0), purpose).partition(str(UUID(int=0)))
    try:
        list_id = UUID(address.removeprefix(prefix).partition("/")[0])
    except ValueError:
        return None
    return _OwnList(list_id, slug) if addresses.status_list(list_id, purpose) == address else None


def _address(entry: Document) -> str:
    for name in ("statusListCredential", "id", "type"):
        if isinstance(entry.get(name), str):
            return str(entry[name])[:200]
    return ""
