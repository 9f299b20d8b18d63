"""The list of forgeries, kept on purpose: a name, a document, and what page, API and terminal must say of it.

Each is signed without a flaw. Whoever finds another way to make one adds a line.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from io import StringIO
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from accounts.models import Organization
from api.app import create_app
from api.commands import verify as command
from certification.badges import addresses, baking
from certification.badges.issuer_keys import Fetch
from certification.badges.models import Badge
from certification.certificates import offline
from certification.certificates.models import Certificate
from certification.signing import keys
from core.settings import Settings, get_settings, use_settings
from tests import shared
from tests.factories import accounts, badges, forgeries, issued
from tests.factories.forgeries import Forger
from tests.integration.certification.test_verification import png

AFFIRMATIONS = re.compile("Meridian( Foundation)? (conferred|signed|publishes|lists|has)")
"""Sentences of ours that take a name for whoever bears it."""

STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|🔑|\\x1b")

SITE = "did:web:meridian-foundation.example"
"""A web site of the forger's own, under a name that sounds right."""


@dataclass(frozen=True, slots=True)
class World:
    """A foundation with a certificate, and a forger."""

    forger: Forger
    other: Forger
    organization: Organization
    certificate: Certificate
    badge: Badge
    key: str
    key_of_neighbour: Forger

    @property
    def did(self) -> str:
        """The foundation's DID."""
        return addresses.issuer_did(self.organization.slug)

    def lookalike(self, host: str) -> str:
        """The foundation's DID with its host in other letters."""
        return self.did.replace("testserver", host)


Make = Callable[[World], bytes]


def in_fragment(issuer: Callable[[World], str]) -> Make:
    """The issuer is named, and the forger's key stands in the address as if the issuer had published it."""
    return lambda world: world.forger.signs(
        forgeries.document(issuer(world)), addresses.key_address(issuer(world), world.forger.key.public_key)
    )


def own_key(name: str = forgeries.NAME) -> Make:
    """The issuer is the forger's key, and calls itself by the name."""
    return lambda world: world.forger.signs(forgeries.document(world.forger.did, name), world.forger.did_address)


def own_key_jwt(world: World) -> bytes:
    return world.forger.signs_jwt(forgeries.document(world.forger.did), {"kid": world.forger.did_address})


def others_status(world: World) -> bytes:
    """A genuine list of the foundation, in which the forger's badge is of course not revoked."""
    status = json.loads(world.badge.credential)["credentialStatus"]
    return world.forger.signs(forgeries.document(world.forger.did, credentialStatus=status), world.forger.did_address)


def as_issued(world: World) -> bytes:
    """The very badge that was issued, with another holder, signed again."""
    document = json.loads(world.badge.credential.replace("Zoë Ångström", forgeries.HOLDER))
    del document["proof"]
    return world.forger.signs(document, addresses.key_address(world.did, world.forger.key.public_key))


def never_issued(world: World) -> bytes:
    """The foundation's own key, which the forger has stolen, on a badge that its register does not have."""
    document = forgeries.document(world.did)
    return world.key_of_neighbour.signs(
        document, addresses.key_address(world.did, world.key_of_neighbour.key.public_key)
    )


def elder_proof(world: World) -> bytes:
    """A kind of proof that this server's issuers never make, and that cannot be checked here."""
    proof = {"type": "Ed25519Signature2020", "verificationMethod": f"{world.did}#{world.key}", "proofValue": "z5"}
    return json.dumps(forgeries.document(world.did) | {"proof": proof}).encode()


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be said: the page's title, the API's verdict, the badge's reasons, the terminal's code and title."""

    title: str
    verdict: str
    reasons: tuple[str, ...]
    exit_code: int
    terminal: str


UNKNOWN = Expected("Signed by somebody unknown", "foreign", ("issuer_unknown",), 3, "Signed by somebody unknown")
UNCONFIRMED = Expected(
    "Signed by somebody unknown", "foreign", ("issuer_unconfirmed",), 3, "Unchanged, but not confirmed"
)
WITHOUT_STATUS = Expected(
    "Signed by somebody unknown",
    "foreign",
    ("issuer_unknown", "status_unavailable"),
    3,
    "Signed by somebody unknown",
)
FORGED = Expected("Not genuine", "altered", ("foreign_key",), 1, "Not valid")
FORGED_IN_PART = Expected("Not genuine", "altered", ("foreign_key", "unsupported_suite"), 3, "Cannot be told")
REFUSED = Expected("Not to be relied on", "foreign", ("foreign_key",), 1, "Not valid")

FORGERIES: dict[str, tuple[Make, Expected]] = {
    "own key, foreign name": (own_key(), UNKNOWN),
    "own key, foreign name, as JWT": (own_key_jwt, UNKNOWN),
    "own key, foreign name, in a PNG": (lambda world: baking.bake_png(png(), own_key()(world).decode()), UNKNOWN),
    "own key, foreign name, in an SVG": (
        lambda world: baking.bake_svg(forgeries.SVG, own_key_jwt(world).decode()),
        UNKNOWN,
    ),
    "own key, foreign name, in a PDF": (
        lambda world: forgeries.page_with(own_key()(world)),
        Expected("Signed by somebody unknown", "foreign", ("issuer_unknown",), 3, "Cannot be told"),
    ),
    "own key, a name that says it is valid": (own_key("Meridian”, and it is valid. “It"), UNKNOWN),
    "own key, a name that steers the terminal": (own_key("\x1b[2J[bold]Meridian :key: \u202enoitadnuoF"), UNKNOWN),
    "own key, somebody else's status list": (others_status, WITHOUT_STATUS),
    "another's key as issuer": (
        lambda world: world.forger.signs(forgeries.document(world.other.did), world.forger.did_address),
        REFUSED,
    ),
    "web site with a foundation's name": (
        in_fragment(lambda _: SITE),
        Expected("Signed by somebody unknown", "foreign", ("issuer_unconfirmed",), 3, "Signed by somebody unknown"),
    ),
    "issuer that is a web page": (in_fragment(lambda _: "https://meridian.example/issuers/1"), UNCONFIRMED),
    "RSA key in the header": (
        lambda _: forgeries.signed_with_another_kind(forgeries.document("https://meridian.example/1"), "RS256"),
        UNCONFIRMED,
    ),
    "our DID, own key in its fragment": (in_fragment(lambda world: world.did), FORGED),
    "our DID, own key in its fragment, in a PDF": (
        lambda world: forgeries.page_with(in_fragment(lambda world: world.did)(world)),
        FORGED,
    ),
    "our DID, own did:key as verification method": (
        lambda world: world.forger.signs(forgeries.document(world.did), world.forger.did_address),
        FORGED,
    ),
    "our DID, own key on another host": (
        lambda world: world.forger.signs(
            forgeries.document(world.did), f"https://evil.example/keys#{world.forger.key.public_key}"
        ),
        FORGED,
    ),
    "our DID, own jwk in the header": (
        lambda world: world.forger.signs_jwt(forgeries.document(world.did), {"jwk": world.forger.jwk}),
        FORGED,
    ),
    "our DID, own jwk and a kid elsewhere": (
        lambda world: world.forger.signs_jwt(
            forgeries.document(world.did), {"jwk": world.forger.jwk, "kid": "https://evil.example/keys/1"}
        ),
        FORGED,
    ),
    "our DID, own RSA key in the header": (
        lambda world: forgeries.signed_with_another_kind(forgeries.document(world.did), "RS256"),
        FORGED,
    ),
    "our DID, own P-256 key in the header": (
        lambda world: forgeries.signed_with_another_kind(forgeries.document(world.did), "ES256"),
        FORGED,
    ),
    "our DID, our key named, own jwk in the header": (
        lambda world: world.forger.signs_jwt(
            forgeries.document(world.did), {"jwk": world.forger.jwk, "kid": f"{world.did}#{world.key}"}
        ),
        Expected("Not genuine", "altered", ("bad_signature",), 1, "Not valid"),
    ),
    "our DID, a neighbour's key": (never_issued, FORGED),
    "our DID, a proof that nobody checks": (elder_proof, FORGED_IN_PART),
    "our DID in capitals": (in_fragment(lambda world: world.lookalike("TestServer")), FORGED),
    "our DID with an escape": (
        in_fragment(lambda world: world.lookalike("%74estserver")),
        Expected("Not genuine", "altered", ("foreign_key",), 3, "Unchanged, but not confirmed"),
    ),
    "our DID with the usual port": (
        in_fragment(lambda world: world.lookalike("testserver%3A80")),
        Expected("Not genuine", "altered", ("foreign_key",), 3, "Unchanged, but not confirmed"),
    ),
    "our host, no such organization": (
        in_fragment(lambda _: "did:web:testserver:organizations:nobody"),
        Expected("Not genuine", "altered", ("foreign_key",), 3, "Unchanged, but not confirmed"),
    ),
    "our host as a web page": (
        in_fragment(lambda world: f"http://testserver/organizations/{world.organization.slug}"),
        Expected("Not genuine", "altered", ("foreign_key",), 3, "Unchanged, but not confirmed"),
    ),
    "the badge that was issued, for another holder": (as_issued, FORGED),
}


@pytest.fixture
async def world(database: str) -> World:
    """A certificate of a foundation, a neighbour on the same server with a key of its own, and a forger."""
    certificate = await issued.certificate()
    organization = await Organization.get(id=certificate.organization_id)
    badge = await Badge.get(id=certificate.badge_id)
    neighbour = await keys.key_in_use((await accounts.organization()).id)
    return World(
        forger=Forger.anew(),
        other=Forger.anew(),
        organization=organization,
        certificate=certificate,
        badge=badge,
        key=json.loads(badge.credential)["proof"]["verificationMethod"].partition("#")[2],
        key_of_neighbour=Forger(neighbour, Forger.anew().private),
    )


def web(client: httpx.AsyncClient, world: World) -> Fetch:
    """This server, and the forger's own web site."""
    key = world.forger.key.public_key
    method = {"id": f"{SITE}#{key}", "type": "Multikey", "controller": SITE, "publicKeyMultibase": key}
    site = {"id": SITE, "verificationMethod": [method], "assertionMethod": [method["id"]]}

    async def fetch(address: str) -> bytes:
        if address == addresses.did_document(SITE):
            return json.dumps(site).encode()
        host, _, path = address.removeprefix("https://").removeprefix("http://").partition("/")
        answer = await client.get(f"/{path}")
        if host.lower() not in ("testserver", "%74estserver") or answer.status_code != 200:
            raise OSError(address)
        return answer.content

    return fetch


def terminal(judged: offline.Judgement) -> str:
    """What the command prints, on one line."""
    console = Console(file=StringIO(), width=4000, record=True)
    command.show(judged, Path("badge.json"), console)
    return console.export_text()


@pytest.mark.parametrize("name", FORGERIES)
async def test_forgery_is_told_everywhere_for_what_it_is(world: World, settings: Settings, name: str) -> None:
    make, expected = FORGERIES[name]
    content = make(world)

    async with accounts.signed_in(create_app(settings), None) as client:
        page = await client.post("/verify/file", files={"file": ("badge", content, "application/octet-stream")})
        api = (await client.post("/api/v1/verifications", content=content)).json()
        judged = await offline.judge(content, now=badges.ISSUED_AT, fetch=web(client, world))
    shown, said = unescape(page.text), terminal(judged)

    assert f">{expected.title}<" in shown
    assert (api["verdict"], tuple(api["badge"]["reasons"])) == (expected.verdict, expected.reasons)
    assert (command.EXIT_CODES[judged.verdict], offline.title_of(judged)) == (expected.exit_code, expected.terminal)
    assert not api["badge"]["is_issuer_known"]
    for told in (shown, api["statement"], judged.statement, said):
        assert not AFFIRMATIONS.search(told)
    for sentence in (api["statement"], judged.statement, *(check["text"] for check in api["checks"])):
        assert "Meridian”, and it is valid" not in sentence, "a name cannot end its own quotation"
    assert not STEERING.search(said), "nothing steers the terminal"


async def test_forgery_that_was_given_is_nobodys_word(world: World, settings: Settings) -> None:
    content = shared.content("forged", "own-key-foreign-name.json")
    did = "did:key:z6MkqWeeqrVLd8Gv1nQnJwu2Sv9avpVR3R6byR5BWfeWVq7Y"

    async with accounts.signed_in(create_app(settings), None) as client:
        page = unescape(
            (await client.post("/verify/file", files={"file": ("b.json", content, "application/json")})).text
        )
    judged = await offline.judge(content, now=badges.ISSUED_AT.replace(day=28), fetch=None)

    assert "Signed by somebody unknown" in page
    assert f"{did} signed it" in page
    assert (command.EXIT_CODES[judged.verdict], offline.title_of(judged)) == (3, "Signed by somebody unknown")
    assert judged.statement == (
        f"{did} signed it, and it is unchanged since. It says that “Meridian Foundation” conferred “Community"
        " Facilitator” on “Mallory”, but a name is only a claim: rely on it if you know who signed."
    )
    assert did in terminal(judged), "no emoji in the middle of a DID"


async def test_issuer_that_is_trusted_here_has_its_name(world: World, settings: Settings) -> None:
    content = own_key()(world)
    trusting = get_settings().model_copy(update={"trusted_issuers": f"did:web:x.example, {world.forger.did}"})
    use_settings(trusting)

    async with accounts.signed_in(create_app(trusting), None) as client:
        page = unescape(
            (await client.post("/verify/file", files={"file": ("b.json", content, "application/json")})).text
        )
        api = (await client.post("/api/v1/verifications", content=content)).json()
    judged = await offline.judge(content, now=badges.ISSUED_AT, fetch=None, trusted=frozenset({world.forger.did}))

    assert "Valid, issued elsewhere" in page
    assert api["statement"] == "This badge was not issued here; it is unchanged since Meridian Foundation signed it."
    assert (api["badge"]["verdict"], api["badge"]["is_issuer_known"]) == ("valid", True)
    assert command.EXIT_CODES[judged.verdict] == 0
    assert judged.statement.startswith("Meridian Foundation conferred “Certified System Associate” on Mallory Example")


async def test_page_around_a_trusted_badge_is_not_vouched_for(world: World, settings: Settings) -> None:
    content = forgeries.page_with(own_key()(world))
    use_settings(get_settings().model_copy(update={"trusted_issuers": world.forger.did}))

    async with accounts.signed_in(create_app(get_settings()), None) as client:
        page = unescape((await client.post("/verify/file", files={"file": ("c.pdf", content, "application/pdf")})).text)

    assert "Valid, issued elsewhere" not in page
    assert "The page around it may show anything: rely on the badge alone." in page
