"""Many certificates at once: the dry run's findings, each line's effect exactly once, stopping and going on."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from accounts.export import my_data
from accounts.models import AuditEntry, Person
from api.worker import import_jobs
from certification.bulk import effects, planning, queries, report, runs, working
from certification.bulk.effects import Effect, Outcome
from certification.bulk.models import BulkLine, BulkRun, LineState, RunKind, RunState
from certification.bulk.schemas import CertificateFilter
from certification.certificates import statuses
from certification.certificates.models import Certificate, CertificateStatus, IssueRequest
from certification.erasure import erase_person
from certification.programs.models import Certification
from core import files
from core.database import execute, fetchval
from core.errors import InvalidInput
from core.job_runner import run_pending
from core.models import OutgoingMail
from core.settings import get_settings, use_settings
from tests.factories import accounts, certification
from tests.integration.certification.test_certificates import a_certificate

import_jobs()
NOW = datetime.now(UTC)


async def a_certification() -> tuple[Certification, Person]:
    """A certification and an officer of it."""
    organization = await accounts.organization()
    return await certification.certification(organization, items={}), await accounts.member(organization)


async def people(count: int) -> list[Person]:
    return [await accounts.person(name=f"Holder {number}") for number in range(count)]


def csv_of(*lines: str) -> bytes:
    return "\n".join(lines).encode()


async def plan(
    exam: Certification, officer: Person, raw: bytes, kind: RunKind = RunKind.issue, **options: Any
) -> BulkRun:
    return await planning.plan_file(exam, kind, raw, by=officer, now=NOW, **options)


async def found(run: BulkRun) -> list[tuple[str, str]]:
    return [(line.state.value, line.problem) for line in await BulkLine.filter(run_id=run.id).order_by("position")]


async def states(run: BulkRun) -> list[str]:
    return [state for state, _problem in await found(run)]


async def finished(run: BulkRun) -> BulkRun:
    await run_pending()
    await run.refresh_from_db()
    return run


async def test_the_dry_run_tells_of_every_line_and_issues_nothing(database: str) -> None:
    exam, officer = await a_certification()
    ada, zoe, holder = await people(3)
    stranger = await accounts.person(confirmed=False)
    await execute("UPDATE person SET password_hash = 'x' WHERE id = $1", stranger.id)
    await finished(await runs.start(await plan(exam, officer, csv_of(str(holder.email))), by=officer, now=NOW))
    number = (await Certificate.get(person_id=holder.id)).number
    raw = csv_of(
        "email;name;achieved_on;score;team",
        f"{ada.email};Ada King;2026-01-31;81.5;a",
        f" {str(zoe.email).upper()} ;;;;",
        "nobody@example.org;;;;",
        f"{ada.email};;;;",
        f"{holder.email};;;;",
        f"{stranger.email};;;;",
        f"{officer.email};;;;",
        "not an address;;;;",
        ";Nobody;;;",
        f"x{ada.email};;31.1.2026;;",
        f"y{ada.email};;2999-01-01;;",
        f"z{ada.email};;;101;",
    )
    run = await plan(exam, officer, raw, source_name="spring.csv")

    assert await found(run) == [
        ("ready", ""),
        ("ready", ""),
        ("refused", "Nobody has an account with this address. Ask them to sign up, or invite them."),
        ("refused", "Stands in line 2 already."),
        ("refused", f"Holds certificate {number} of this certification."),
        ("refused", "The account with this address is not confirmed: it may be somebody else's. Ask them to."),
        ("refused", "Another officer has to issue your own certificate."),
        ("refused", "email: Write an e-mail address such as amina@example.org."),
        ("refused", "email: This column is empty."),
        ("refused", "achieved_on: Write the day as 2026-11-24."),
        ("refused", "The day lies in the future."),
        ("refused", "score: Choose 100 or less."),
    ]
    assert run.parameters == {"ignored_columns": ["team"]}
    assert (run.state, run.source_name) == (RunState.draft, "spring.csv")
    first = await BulkLine.get(run_id=run.id, position=1)
    assert first.given == {
        "line": 2,
        "email": ada.email,
        "name": "Ada King",
        "achieved_on": "2026-01-31",
        "score": "81.5",
    }
    await run_pending()
    assert await Certificate.all().count() == 1


async def test_issuing_gives_each_line_one_certificate_one_mail_and_a_report(database: str) -> None:
    exam, officer = await a_certification()
    ada, zoe = await people(2)
    raw = csv_of("email,name,achieved_on,score", f"{ada.email},=Ada,2026-01-31,81.5", f"{zoe.email},,,")
    run = await runs.start(await plan(exam, officer, raw), by=officer, now=NOW)
    assert run.state is RunState.running
    run = await finished(run)

    assert run.state is RunState.finished
    assert await found(run) == [("done", ""), ("done", "")]
    certificate = await Certificate.get(person_id=ada.id)
    assert (certificate.holder_name, certificate.achieved_at.date()) == ("=Ada", date(2026, 1, 31))
    request = await IssueRequest.get(id=certificate.issue_request_id)
    assert (str(request.score), request.source_kind.value) == ("81.50", "bulk_line")
    assert (await files.get(certificate.pdf_sha256)).startswith(b"%PDF-")
    assert await OutgoingMail.filter(template="certificates/issued").count() == 2
    assert [entry.action for entry in await AuditEntry.filter(object_id=run.id).order_by("id")] == [
        "bulk_run.planned",
        "bulk_run.started",
    ]
    lines = (b"".join([piece async for piece in report.as_csv(run)])).decode("utf-8-sig").split("\r\n")
    assert lines[1].startswith(f"2,{ada.email},'=Ada,{certificate.number},done,,20")
    assert lines[0] == "Line,E-mail,Name,Number,State,Remark,Done"


async def test_a_person_without_an_account_is_invited_once_and_can_hold_the_certificate(database: str) -> None:
    exam, officer = await a_certification()
    raw = csv_of("email,name", "New@Example.org,Nia Mwangi", "nameless@example.org,")
    run = await plan(exam, officer, raw, invites=True)
    assert await found(run) == [
        ("ready", "New here: is invited by mail."),
        ("refused", "Nobody has an account with this address; to invite them their name is needed."),
    ]
    assert not await Person.exists(email="new@example.org")

    await finished(await runs.start(run, by=officer, now=NOW))

    person = await Person.get(email="new@example.org")
    assert (person.certificate_name, person.password_hash, person.is_confirmed) == ("Nia Mwangi", None, False)
    assert (await Certificate.get(person_id=person.id)).holder_name == "Nia Mwangi"
    sent = (
        await OutgoingMail.filter(to_address="new@example.org").order_by("template").values_list("template", "to_name")
    )
    assert list(sent) == [("accounts/invited", ""), ("certificates/issued", "Nia Mwangi")]
    again = await plan(exam, officer, raw, invites=True)
    assert (await found(again))[0][0] == "refused"


async def test_a_run_waits_where_so_many_accounts_were_opened_within_the_hour(database: str) -> None:
    use_settings(get_settings().model_copy(update={"invitations_by_runs": 2}))
    exam, officer = await a_certification()
    (ada,) = await people(1)
    lines = [f"new{n}@example.org,Nia Mwangi {n}" for n in range(4)]
    run = await plan(exam, officer, csv_of("email,name", f"{ada.email},", *lines), invites=True)
    await runs.start(run, by=officer, now=NOW)
    await run_pending()
    assert sorted(await states(run)) == ["done"] * 3 + ["ready"] * 2
    waiting = "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'bulk.work' AND execute_after > now()"
    assert await fetchval(waiting) == 2
    await execute("UPDATE failure_count SET window_ends_at = now()")
    await execute("UPDATE pgqueuer SET execute_after = now() WHERE entrypoint = 'bulk.work'")
    await finished(run)
    assert await states(run) == ["done"] * 5
    assert await OutgoingMail.filter(template="accounts/invited").count() == 4


async def test_an_account_opened_by_a_stranger_meanwhile_gets_nothing(database: str) -> None:
    exam, officer = await a_certification()
    run = await plan(exam, officer, csv_of("email,name", "new@example.org,Nia Mwangi"), invites=True)
    stranger = await accounts.person("new@example.org", confirmed=False)
    await execute("UPDATE person SET password_hash = 'x' WHERE id = $1", stranger.id)
    run = await finished(await runs.start(run, by=officer, now=NOW))
    assert await states(run) == ["failed"]
    assert await Certificate.all().count() == 0


async def test_two_runs_that_name_the_same_person_issue_one_certificate(database: str) -> None:
    exam, officer = await a_certification()
    (ada,) = await people(1)
    drafts = [await plan(exam, officer, csv_of(str(ada.email))) for _ in range(2)]
    for draft in drafts:
        await runs.start(draft, by=officer, now=NOW)
    await asyncio.gather(*(working.work(draft.id, 1) for draft in drafts))
    assert sorted([*(await states(drafts[0])), *(await states(drafts[1]))]) == ["done", "failed"]
    assert await Certificate.all().count() == 1


async def test_lanes_at_work_twice_at_the_same_time_do_no_line_twice(database: str) -> None:
    exam, officer = await a_certification()
    holders = await people(8)
    run = await plan(exam, officer, csv_of("email", *(str(one.email) for one in holders)))
    await runs.start(run, by=officer, now=NOW)
    await asyncio.gather(*(working.work(run.id, lane) for lane in range(working.LANES) for _ in range(2)))
    await run.refresh_from_db()
    assert (run.state, set(await states(run))) == (RunState.finished, {"done"})
    assert await Certificate.all().count() == 8
    assert await OutgoingMail.filter(template="certificates/issued").count() == 8


async def test_a_name_that_cannot_be_set_fails_alone_and_is_tried_again(database: str) -> None:
    exam, officer = await a_certification()
    ada, zoe = await people(2)
    raw = csv_of("email,name", f"{ada.email},Ana 🦄", f"{zoe.email},Zoë")
    run = await finished(await runs.start(await plan(exam, officer, raw), by=officer, now=NOW))
    (state, problem), other = await found(run)
    assert (state, "🦄" in problem, other, run.state) == ("failed", True, ("done", ""), RunState.finished)
    await IssueRequest.filter(person_id=ada.id).update(holder_name="Ana")
    run = await finished(await runs.retry_failed(run, by=officer, now=NOW))
    assert (await states(run), run.state) == (["done", "done"], RunState.finished)
    with pytest.raises(runs.NothingToDo):
        await runs.retry_failed(run, by=officer, now=NOW)


async def test_stopping_keeps_what_is_done_and_going_on_does_the_rest(database: str) -> None:
    exam, officer = await a_certification()
    holders = await people(6)
    run = await plan(exam, officer, csv_of("email", *(str(one.email) for one in holders)))
    run = await runs.start(run, by=officer, now=NOW)
    await working.work(run.id, 1)
    run = await runs.stop(run, by=officer, now=NOW)
    await run_pending()
    assert await Certificate.all().count() == 2
    with pytest.raises(runs.NotInThisState):
        await runs.stop(run, by=officer, now=NOW)
    run = await finished(await runs.start(run, by=officer, now=NOW))
    assert run.state is RunState.finished
    assert await Certificate.all().count() == 6
    with pytest.raises(runs.NotInThisState):
        await runs.start(run, by=officer, now=NOW)


async def test_a_run_with_nothing_to_do_does_not_start_and_can_be_discarded(database: str) -> None:
    exam, officer = await a_certification()
    run = await plan(exam, officer, csv_of("email", "nobody@example.org"))
    with pytest.raises(runs.NothingToDo):
        await runs.start(run, by=officer, now=NOW)
    await runs.discard(run, by=officer)
    assert (await BulkRun.all().count(), await BulkLine.all().count()) == (0, 0)
    old = await plan(exam, officer, csv_of("email", "nobody@example.org"))
    await runs.forget_drafts(NOW - timedelta(days=1))
    assert await BulkRun.exists(id=old.id)
    await runs.forget_drafts(datetime.now(UTC) + timedelta(days=1))
    assert await BulkRun.all().count() == 0


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """Position -> how often carrying out that line still raises something unexpected."""
    left: dict[int, int] = {}

    async def carry_out(line: BulkLine, run: BulkRun, now: datetime) -> Outcome:
        if left.get(line.position, 0) > 0:
            left[line.position] -= 1
            raise OSError("the store is away")
        return Outcome()

    monkeypatch.setitem(effects.EFFECTS, RunKind.issue, Effect(carry_out, effects.itself, in_one_transaction=True))
    return left


async def a_started_run(lines: int) -> BulkRun:
    exam, officer = await a_certification()
    run = await BulkRun.create(
        organization_id=exam.organization_id,
        certification=exam,
        kind=RunKind.issue,
        state=RunState.running,
        parameters={"started_by": str(officer.id)},
    )
    for number in range(lines):
        await BulkLine.create(run=run, position=1 + number * working.LANES, given={})
    return run


async def test_a_line_that_breaks_alone_is_noted_and_the_others_go_on(database: str, breaking: dict[int, int]) -> None:
    run = await a_started_run(4)
    breaking[5] = breaking[13] = 9
    assert await working.work(run.id, 1) is False
    assert await found(run) == [
        ("done", ""),
        ("failed", "OSError: the store is away"),
        ("done", ""),
        ("failed", "OSError: the store is away"),
    ]


async def test_a_line_that_breaks_once_is_tried_again_at_once(database: str, breaking: dict[int, int]) -> None:
    run = await a_started_run(3)
    breaking[5] = 1
    assert await working.work(run.id, 1) is False
    assert await found(run) == [("done", "")] * 3


async def test_while_the_store_is_away_no_line_fails_and_the_job_is_tried_again(
    database: str, breaking: dict[int, int]
) -> None:
    run = await a_started_run(6)
    breaking |= {5: 2, 9: 2, 13: 2}
    with pytest.raises(OSError, match="away"):
        await working.work(run.id, 1)
    assert await states(run) == ["done", *["ready"] * 5]
    assert await working.work(run.id, 1) is False
    assert await states(run) == ["done"] * 6


async def test_certificates_are_sent_again_once_for_each_line(database: str) -> None:
    certificate, holder, owner = await a_certificate()
    exam = await Certification.get(id=certificate.certification_id)
    raw = csv_of("number", certificate.number.lower().replace("-", " "), "0000-0000-0000", "x", certificate.number)
    run = await plan(exam, owner, raw, RunKind.resend)
    assert await found(run) == [
        ("ready", ""),
        ("refused", "No certificate of this certification has this number."),
        ("refused", "This is not a certificate number; they look like 7K3M-9QXT-2WBD."),
        ("refused", "Stands in line 2 already."),
    ]
    await runs.start(run, by=owner, now=NOW)
    await asyncio.gather(*(working.work(run.id, 1) for _ in range(3)))
    await run_pending()
    mail = await OutgoingMail.get(template="certificates/resent")
    assert (mail.to_address, certificate.number in mail.text) == (holder.email, True)
    assert mail.subject.startswith("Your certificate once more")
    other, _officer = await a_certification()
    elsewhere = await plan(other, owner, csv_of("number", certificate.number), RunKind.resend)
    assert await states(elsewhere) == ["refused"]


async def test_revoking_tells_holders_why_and_one_revoked_already_is_done(database: str) -> None:
    certificate, _holder, owner = await a_certificate()
    exam = await Certification.get(id=certificate.certification_id)
    with pytest.raises(InvalidInput):
        await planning.plan_filter(exam, RunKind.revoke, CertificateFilter(), by=owner, now=NOW)
    unexplained = await plan(exam, owner, csv_of("number", certificate.number), RunKind.revoke)
    assert await states(unexplained) == ["refused"]
    explained = csv_of("number,reason", f"{certificate.number},Leaked items")
    first = await plan(exam, owner, explained, RunKind.revoke, reason="For all")
    second = await planning.plan_filter(exam, RunKind.revoke, CertificateFilter(), reason="Again", by=owner, now=NOW)
    for run in (first, second):
        await finished(await runs.start(run, by=owner, now=NOW))
    assert (await found(first), await found(second)) == ([("done", "")], [("done", "Was revoked already.")])
    await certificate.refresh_from_db()
    assert (certificate.status, certificate.status_reason) == (CertificateStatus.revoked, "Leaked items")
    assert await OutgoingMail.filter(template="certificates/status").count() == 1
    third = await plan(exam, owner, explained, RunKind.revoke)
    assert await found(third) == [("ready", "Is revoked already; nothing changes.")]
    assert await found(await plan(exam, owner, explained, RunKind.resend)) == [
        ("refused", "Not in force: it is revoked.")
    ]


async def test_a_filter_finds_by_name_status_and_days(database: str) -> None:
    certificate, _holder, owner = await a_certificate()
    exam = await Certification.get(id=certificate.certification_id)
    issued = certificate.issued_at.date()

    async def numbers(**conditions: Any) -> int:
        wanted = CertificateFilter(**conditions)
        try:
            run = await planning.plan_filter(exam, RunKind.resend, wanted, by=owner, now=NOW)
        except InvalidInput:
            return 0
        return (await queries.progress_of(run, now=NOW)).lines

    day = timedelta(days=1)
    assert await numbers(q="ångström", issued_from=issued, issued_until=issued) == 1
    assert await numbers(q=certificate.number[:6], status=CertificateStatus.valid) == 1
    assert await numbers(expires_from=date(2028, 11, 24), expires_until=date(2028, 11, 24)) == 1
    assert await numbers(q="100%") == 0
    assert await numbers(status=CertificateStatus.suspended) == 0
    assert await numbers(issued_until=issued - day) == 0
    assert await numbers(issued_from=issued + day) == 0
    assert await numbers(expires_until=date(2028, 11, 23)) == 0
    await statuses.suspend(certificate, reason="Under review", by=owner, now=NOW)
    assert await numbers(status=CertificateStatus.suspended) == 1


async def test_progress_counts_and_estimates(database: str, breaking: dict[int, int]) -> None:
    run = await a_started_run(8)
    assert await queries.progress_of(run, now=datetime.now(UTC)) == queries.Progress(lines=8, ready=8)
    now = datetime.now(UTC)
    done = "UPDATE bulk_line SET state = 'done', done_at = $2 WHERE run_id = $1 AND position = $3"
    for number, seconds in enumerate((8, 6, 4, 2)):
        await execute(done, run.id, now - timedelta(seconds=seconds), 1 + number * working.LANES)
    progress = await queries.progress_of(run, now=now)
    assert (progress.done, progress.ready, progress.per_second, progress.seconds_left) == (4, 4, 0.5, 8)
    assert (progress.wanted, progress.settled) == (8, 4)


async def test_a_plan_of_many_lines_takes_statements_by_the_piece_not_by_the_line(database: str) -> None:
    from tests.queries import count_queries

    exam, officer = await a_certification()
    counts = []
    for lines in (10, 400):
        with count_queries() as sent:
            await plan(exam, officer, csv_of("email", *(f"nobody{number}@example.org" for number in range(lines))))
        counts.append(len([one for one in sent if "INSERT INTO bulk_line" not in one]))
    assert counts[0] == counts[1]


async def test_erasing_a_person_takes_their_name_out_of_every_line(database: str) -> None:
    exam, officer = await a_certification()
    (ada,) = await people(1)
    raw = csv_of("email,name", f"{ada.email},Ada King", f"{ada.email},Ada", "zoe@example.org,Zoë")
    run = await plan(exam, officer, raw)
    exported = json.loads(await my_data(ada, now=NOW))
    await erase_person(ada, by=ada, now=NOW)
    assert [one["given"]["name"] for one in exported["lines_of_runs"]] == ["Ada King", "Ada"]
    given = [line.given for line in await BulkLine.filter(run_id=run.id).order_by("position")]
    assert given == [{"line": 2}, {"line": 3}, {"line": 4, "email": "zoe@example.org", "name": "Zoë"}]
    run = await finished(await runs.start(run, by=officer, now=NOW))
    assert (await found(run))[0] == ("failed", "The account was erased.")


async def test_lines_are_paged_in_order_and_filtered_by_state(database: str) -> None:
    from certification.bulk.schemas import RunPageQuery

    exam, officer = await a_certification()
    (ada,) = await people(1)
    run = await plan(exam, officer, csv_of("email", "a@example.org", str(ada.email), "b@example.org"))
    first, cursor = await queries.lines_of(run, RunPageQuery(limit=2))
    second, end = await queries.lines_of(run, RunPageQuery(limit=2, cursor=cursor))
    assert [line.position for line, _number in [*first, *second]] == [1, 2, 3]
    assert end is None
    ready, _cursor = await queries.lines_of(run, RunPageQuery(), state=LineState.ready)
    assert [line.person_id for line, _number in ready] == [ada.id]
