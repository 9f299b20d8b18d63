"""The addresses that badges carry for years: issuer, key, achievement, credential, status list.

All of them rest on `CONFERO_PUBLIC_URL`. The issuer is a did:web, whose document is served at
`/organizations/{slug}/did.json` (did:web Method Specification, section 3.2).
"""

import re
from typing import Final
from urllib.parse import quote, unquote, urlsplit
from uuid import UUID

from certification.badges.models import StatusPurpose
from core.settings import get_settings

_DID_WEB: Final = "did:web:"
_DID: Final = re.compile(r"did:[a-z0-9]+:[A-Za-z0-9._:%-]+", re.ASCII)
"""Source: Decentralized Identifiers 1.0, section 3.1."""
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(%3[Aa][0-9]{1,5})?", re.ASCII)
"""A host name, and its port with the colon as did:web writes it; nothing that would lead to another host."""
_DEFAULT_PORTS: Final = (":443", ":80")


def issuer_did(slug: str) -> str:
    """The DID of the organization called `slug`."""
    host = quote(urlsplit(get_settings().public_url).netloc, safe="")
    return f"{_DID_WEB}{host}:organizations:{slug}"


def slug_of(did: str) -> str | None:
    """The slug of an organization of this server, or None for any other DID."""
    prefix = issuer_did("")
    slug = did.removeprefix(prefix)
    return slug if did.startswith(prefix) and slug and ":" not in slug else None


def is_did(text: str) -> bool:
    """Whether the text has the form of a DID."""
    return _DID.fullmatch(text) is not None


def is_here(issuer: str) -> bool:
    """Whether an issuer is named that only this server can have: a did:web, or a web address, on its own host.

    Wider than `slug_of`, which knows the one right spelling, so that no other spelling passes for a stranger.
    """
    if issuer.lower().startswith(_DID_WEB):
        host = unquote(unquote(issuer[len(_DID_WEB) :].partition("#")[0].partition(":")[0]))
    else:
        try:
            host = urlsplit(issuer).netloc.rpartition("@")[2]
        except ValueError:
            return False
    return bool(host) and _bare(host) == _bare(urlsplit(get_settings().public_url).netloc)


def key_address(did: str, public_key: str) -> str:
    """Where a key is found: the issuer's DID document, and in the fragment the very key (a Multikey).

    So a file alone suffices to check its signature, and the document to learn whose key it is.
    """
    return f"{did}#{public_key}"


def did_document(did: str) -> str | None:
    """The https address of a did:web's document, or None where it is no did:web."""
    if not did.startswith(_DID_WEB):
        return None
    host, *path = did.removeprefix(_DID_WEB).split(":")
    if not is_did(did) or not _HOST.fullmatch(host):
        return None
    inside = "/".join(path) if path else ".well-known"
    return f"https://{unquote(host)}/{inside}/did.json"


def achievement(achievement_id: UUID) -> str:
    """What is achieved: the id of a certification, or of the event attended."""
    return f"{get_settings().public_url}/achievements/{achievement_id}"


def achievement_image(achievement_id: UUID) -> str:
    """The picture of an achievement."""
    return f"{achievement(achievement_id)}/image.png"


def credential(certificate_id: UUID) -> str:
    """The id of a certificate's badge."""
    return f"urn:uuid:{certificate_id}"


def status_list(list_id: UUID, purpose: StatusPurpose) -> str:
    """Where a status list is served."""
    return f"{get_settings().public_url}/status-lists/{list_id}/{purpose.value}"


def verification(number: str) -> str:
    """The public page of a certificate."""
    return f"{get_settings().public_url}/verify/{number}"


def _bare(host: str) -> str:
    """A host as it is compared: without case, the root's dot and a port that goes without saying."""
    host = host.lower()
    for port in _DEFAULT_PORTS:
        host = host.removesuffix(port)
    name, colon, port = host.partition(":")
    return f"{name.rstrip('.')}{colon}{port}"
