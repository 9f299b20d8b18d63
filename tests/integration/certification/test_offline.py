"""`confero verify`: from the file alone, and by asking the issuer's own pages; no database, no settings."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path

import pikepdf
import pytest
import typer
from rich.console import Console
from starlette.applications import Starlette

from api.app import create_app
from api.commands import fetching
from api.commands import verify as command
from certification.badges import baking
from certification.badges.issuer_keys import Fetch
from certification.badges.models import Badge
from certification.badges.verdicts import Verdict
from certification.certificates import offline, statuses
from certification.certificates.findings import Outcome, Subject
from certification.certificates.models import Certificate
from certification.signing import keys, pades
from core import files
from core.job_runner import run_pending
from core.settings import Settings
from tests.factories import accounts
from tests.integration.certification.test_certificates import a_certificate
from tests.integration.certification.test_verification import SVG, _a_page
from tests.unit.test_inspection import gap_of


@asynccontextmanager
async def asking(app: Starlette, *, asked: list[str] | None = None) -> AsyncIterator[Fetch]:
    """A fetch that reaches `app` and nothing else, as if over the network."""
    async with accounts.signed_in(app, None) as client:

        async def fetch(address: str) -> bytes:
            if asked is not None:
                asked.append(address)
            host, _, path = address.removeprefix("https://").removeprefix("http://").partition("/")
            if host != "testserver":
                raise OSError("another host")
            answer = await client.get(f"/{path}")
            if answer.status_code != 200:
                raise OSError(str(answer.status_code))
            return answer.content

        yield fetch


def _now() -> datetime:
    """Asked anew each time: what is verified was issued a moment ago, and a long run must not put it in the future."""
    return datetime.now(UTC)


async def unreachable(_: str) -> bytes:
    """A network that is down."""
    raise OSError("down")


async def issued() -> tuple[Certificate, bytes, Badge]:
    """A certificate, its PDF and its badge."""
    certificate, _, _ = await a_certificate()
    return certificate, await files.get(certificate.pdf_sha256), await Badge.get(id=certificate.badge_id)


def trusted(badge: Badge) -> frozenset[str]:
    """The badge's issuer, as a reader trusts it."""
    return frozenset({str(json.loads(badge.credential)["issuer"]["id"])})


async def test_file_whose_issuer_answers_and_is_trusted_is_valid(database: str, settings: Settings) -> None:
    certificate, pdf, badge = await issued()
    asked: list[str] = []

    async with asking(create_app(settings), asked=asked) as fetch:
        judged = [
            await offline.judge(content, now=_now(), fetch=fetch, trusted=trusted(badge))
            for content in (pdf, badge.credential.encode(), badge.jwt.encode(), baking.bake_svg(SVG, badge.jwt))
        ]
        unknown = [await offline.judge(one, now=_now(), fetch=fetch) for one in (pdf, badge.credential.encode())]

    assert [one.verdict for one in judged] == [Verdict.valid] * 4
    assert judged[0].statement == (
        "Open Systems Foundation conferred “Certified Associate” on Zoë Ångström, and it is valid."
    )
    assert judged[0].claims is not None
    assert judged[0].claims.number == certificate.number
    statuses_told = [[(c.outcome, c.text) for c in one.checks if c.subject is Subject.status] for one in judged]
    assert statuses_told == [[(Outcome.passed, "It was neither suspended nor revoked.")]] * 4
    assert {address.split("/")[2] for address in asked} == {"testserver"}
    (did,) = trusted(badge)
    for one in unknown:
        assert (one.verdict, offline.title_of(one)) == (Verdict.intact, "Signed by somebody unknown")
        assert command.EXIT_CODES[one.verdict] == 3
        assert one.statement == (
            f"{did} signed it, and it is unchanged since. It says that “Open Systems Foundation” conferred “Certified"
            " Associate” on “Zoë Ångström”, but a name is only a claim: rely on it if you know who signed."
        )


@pytest.mark.parametrize("fetch", [None, unreachable], ids=["offline", "unreachable"])
async def test_file_alone_is_unchanged_but_not_confirmed(database: str, fetch: Fetch | None) -> None:
    _, pdf, badge = await issued()

    for content in (pdf, badge.credential.encode()):
        judged = await offline.judge(content, now=_now(), fetch=fetch)
        assert judged.verdict is Verdict.intact
        assert command.EXIT_CODES[judged.verdict] == 3
        assert [c.outcome for c in judged.checks if c.subject is Subject.status] == [Outcome.unchecked]
        assert judged.statement.startswith("It is unchanged since it was signed with the key z6Mk")
        assert "whose key that is could not be confirmed" in judged.statement


async def test_saved_did_document_tells_whose_key_it_is(database: str, settings: Settings, tmp_path: Path) -> None:
    _, _, badge = await issued()
    async with asking(create_app(settings)) as fetch:
        saved = tmp_path / "did.json"
        saved.write_bytes(await fetch("https://testserver/organizations/" + await _slug(badge) + "/did.json"))

    alone = await offline.judge(badge.credential.encode(), now=_now(), fetch=None)
    issuer = fetching.saved(saved)
    with_key = await offline.judge(
        badge.credential.encode(),
        now=_now(),
        fetch=fetching.with_saved(issuer, None),
        trusted=frozenset({issuer.did}),
    )

    assert alone.examination.badge is not None
    assert with_key.examination.badge is not None
    assert [reason.value for reason in alone.examination.badge.reasons] == ["issuer_unconfirmed", "status_unavailable"]
    assert [reason.value for reason in with_key.examination.badge.reasons] == ["status_unavailable"]
    assert "says that Open Systems Foundation conferred" in with_key.statement
    assert "not everything could be confirmed" in with_key.statement


async def _slug(badge: Badge) -> str:
    did = str(json.loads(badge.credential)["issuer"]["id"])
    return did.rpartition(":")[2]


async def test_withdrawn_certificates_are_not_valid(database: str, settings: Settings) -> None:
    certificate, _, officer = await a_certificate()
    pdf, badge = await files.get(certificate.pdf_sha256), await Badge.get(id=certificate.badge_id)
    app = create_app(settings)

    async with asking(app) as fetch:
        suspended = await statuses.suspend(certificate, reason="Under review", by=officer, now=_now())
        await run_pending()
        while_suspended = await offline.judge(pdf, now=_now(), fetch=fetch)
        back = await statuses.reinstate(suspended, reason="Cleared", by=officer, now=_now())
        await run_pending()
        afterwards = await offline.judge(pdf, now=_now(), fetch=fetch, trusted=trusted(badge))
        await statuses.revoke(back, reason="Forged identity", by=officer, now=_now())
        await run_pending()
        revoked = [await offline.judge(content, now=_now(), fetch=fetch) for content in (pdf, badge.jwt.encode())]
        alone = await offline.judge(pdf, now=_now(), fetch=None)

    assert (while_suspended.verdict, afterwards.verdict) == (Verdict.refused, Verdict.valid)
    assert "has suspended the badge" in while_suspended.statement
    assert [one.verdict for one in revoked] == [Verdict.refused, Verdict.refused]
    assert "has revoked the badge" in revoked[0].statement
    assert alone.verdict is Verdict.intact, "a file alone cannot know"


async def test_expired_certificate_is_refused_even_offline(database: str) -> None:
    certificate, pdf, _ = await issued()
    assert certificate.valid_until is not None

    judged = await offline.judge(pdf, now=certificate.valid_until, fetch=None)

    assert (judged.verdict, judged.statement) == (Verdict.refused, "Do not rely on it: The badge has expired.")


async def test_any_changed_byte_in_the_signed_range_is_refused_offline(database: str) -> None:
    _, pdf, _ = await issued()
    start, end = gap_of(pdf)
    outside = [position for position in range(len(pdf)) if not start <= position < end]

    believed = []
    for position in outside[:: len(outside) // 120] + outside[-20:]:
        changed = bytearray(pdf)
        changed[position] ^= 0x01
        if (await offline.judge(bytes(changed), now=_now(), fetch=None)).verdict in (
            Verdict.valid,
            Verdict.intact,
        ):
            believed.append(position)

    assert believed == []


async def test_any_changed_byte_at_all_is_refused_online(database: str, settings: Settings) -> None:
    """In the signature too: the issuer's register names the bytes."""
    _, pdf, badge = await issued()
    start, end = gap_of(pdf)
    async with asking(create_app(settings)) as fetch:
        believed = []
        for position in [*range(0, len(pdf), len(pdf) // 60), *range(start, end, (end - start) // 40)]:
            changed = bytearray(pdf)
            changed[position] ^= 0x01
            if (await offline.judge(bytes(changed), now=_now(), fetch=fetch)).verdict in (
                Verdict.valid,
                Verdict.intact,
            ):
                believed.append(position)
        control = await offline.judge(pdf, now=_now(), fetch=fetch, trusted=trusted(badge))
        assert control.verdict is Verdict.valid, "negative control"

    assert believed == []


async def test_any_changed_claim_of_a_badge_is_refused(database: str) -> None:
    _, _, badge = await issued()
    document = json.loads(badge.credential)

    unnoticed = []
    for path in _leaves(document):
        changed = json.loads(badge.credential)
        _change(changed, path)
        judged = await offline.judge(json.dumps(changed).encode(), now=_now(), fetch=None)
        if judged.verdict in (Verdict.valid, Verdict.intact):
            unnoticed.append(path)

    assert unnoticed == []


def _leaves(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [leaf for name, inner in value.items() for leaf in _leaves(inner, (*path, name))]
    if isinstance(value, list):
        return [leaf for index, inner in enumerate(value) for leaf in _leaves(inner, (*path, index))]
    return [path]


def _change(document: dict[str, object], path: tuple[str | int, ...]) -> None:
    place: object = document
    for step in path[:-1]:
        place = place[step]  # type: ignore[index]
    before = place[path[-1]]  # type: ignore[index]
    place[path[-1]] = before + 1 if isinstance(before, int | float) else f"{before}x"  # type: ignore[index]


async def test_own_page_with_a_genuine_badge_is_never_valid(database: str, settings: Settings) -> None:
    _, _, badge = await issued()
    with pikepdf.open(BytesIO(_a_page("Mallory Example"))) as document:
        document.attachments["b.json"] = pikepdf.AttachedFileSpec(
            document, badge.credential.encode(), filename="b.json"
        )
        out = BytesIO()
        document.save(out)
    forged, _ = await pades.sign_pdf(out.getvalue(), "mallory", organization_name="Open Systems", now=_now())

    async with asking(create_app(settings)) as fetch:
        online = await offline.judge(forged, now=_now(), fetch=fetch)
    alone = await offline.judge(forged, now=_now(), fetch=None)

    assert online.verdict is Verdict.refused
    assert "not those that testserver issued" in online.statement
    assert alone.verdict is Verdict.intact
    assert command.EXIT_CODES[alone.verdict] != 0


async def test_rotated_key_keeps_verifying(database: str, settings: Settings) -> None:
    certificate, _, officer = await a_certificate()
    badge = await Badge.get(id=certificate.badge_id)
    await certificate.fetch_related("organization")
    await keys.rotate(certificate.organization, by=officer, now=_now())

    async with asking(create_app(settings)) as fetch:
        judged = await offline.judge(badge.credential.encode(), now=_now(), fetch=fetch, trusted=trusted(badge))

    assert judged.verdict is Verdict.valid


async def test_pdf_without_a_badge_cannot_be_told(database: str) -> None:
    signed, _ = await pades.sign_pdf(_a_page("Offer"), "elsewhere", organization_name="Elsewhere", now=_now())

    for pdf, may_be_a_print in ((signed, False), (_a_page("Offer"), True)):
        judged = await offline.judge(pdf, now=_now(), fetch=None)
        assert judged.verdict is Verdict.undetermined
        assert ("type the number that stands on it" in judged.statement) == may_be_a_print
    assert (await offline.judge(b"hello", now=_now(), fetch=None)).verdict is Verdict.refused


async def test_answer_for_people_and_for_programs(database: str) -> None:
    _, pdf, _ = await issued()
    judged = await offline.judge(pdf, now=_now(), fetch=None)

    console = Console(record=True, width=100, file=StringIO())
    command.show(judged, Path("certificate.pdf"), console)
    text, program = console.export_text(), command.document(judged)

    assert "Unchanged, but not confirmed" in text
    assert "Zoë Ångström" in text
    assert "✓ The Open Badge is signed with Ed25519 (eddsa-rdfc-2022), and says what was signed." in text
    assert program["verdict"] == "intact"
    assert program["claims"]["holder_name"] == "Zoë Ångström"
    assert program["signatures"][0]["state"] == "intact"
    assert {check["subject"] for check in program["checks"]} >= {"signature", "badge", "issuer", "status", "bytes"}
    json.dumps(program)


def test_command_answers_with_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "note.txt"
    file.write_bytes(b"hello")

    assert command.verify(file, is_offline=True, did=None, as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["verdict"] == "refused"
    (tmp_path / "did.json").write_text("[]")
    with pytest.raises(typer.BadParameter, match="no DID document"):
        command.verify(file, is_offline=True, did=tmp_path / "did.json", as_json=True)


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://example.org/x", "https://", "http://localhost:1/x", "http://[::1", ""]
)
async def test_what_cannot_be_fetched_is_one_error(address: str) -> None:
    with pytest.raises(OSError):  # noqa: PT011  # the contract is the type alone
        await fetching.fetch(address)
