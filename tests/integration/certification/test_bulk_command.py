"""`confero certificates` as an operator types it: dry run, carrying out, Ctrl-C, going on."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from accounts.models import Person
from certification.bulk.models import BulkLine, BulkRun, LineState, RunState
from certification.certificates.models import Certificate
from certification.programs.models import Certification
from core.settings import Settings
from tests.factories import accounts, certification
from tests.gate import gate
from tests.patience import PATIENCE
from tests.postgres import ROOT


async def started(settings: Settings, *arguments: str) -> asyncio.subprocess.Process:
    """The command in a process of its own, on the test's database."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONFERO_")} | {
        "CONFERO_ENVIRONMENT": "test",
        "CONFERO_PUBLIC_URL": settings.public_url,
        "CONFERO_DATABASE_URL": settings.database_url or "",
        "CONFERO_VAR_DIR": str(settings.var_dir),
        "CONFERO_FONTS_DIR": str(settings.fonts_dir),
        "NO_COLOR": "1",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "api.cli",
        "certificates",
        *arguments,
        cwd=ROOT,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def confero(settings: Settings, *arguments: str) -> tuple[int | None, str]:
    process = await started(settings, *arguments)
    output, _nothing = await asyncio.wait_for(process.communicate(), PATIENCE)
    return process.returncode, output.decode()


async def a_certification() -> tuple[Certification, Person]:
    organization = await accounts.organization()
    return await certification.certification(organization, items={}), await accounts.member(organization)


async def test_a_dry_run_changes_nothing_and_can_be_carried_out(
    database: str, settings: Settings, tmp_path: Path
) -> None:
    exam, officer = await a_certification()
    ada = await accounts.person()
    file = tmp_path / "people.csv"
    file.write_text(f"email\n{ada.email}\nnobody@example.org\n")
    common = [str(file), "--certification", exam.slug, "--by", str(officer.email)]

    code, output = await confero(settings, "issue", *common, "--dry-run")
    run = await BulkRun.get()
    assert code == 0, output
    assert "2 lines: 1 ready, 1 left out." in output
    assert "line 3  nobody@example.org  Nobody has an account" in output
    assert f"confero certificates resume {run.id}" in output
    assert (run.state, await Certificate.all().count()) == (RunState.draft, 0)

    code, output = await confero(settings, "resume", str(run.id))
    assert (code, "finished: 1 done, 0 failed" in output) == (0, True), output
    number = (await Certificate.get()).number
    file.write_text(f"number\n{number}\n")
    code, output = await confero(settings, "revoke", *common, "--reason", "Leaked items", "--yes")
    assert code == 0, output
    assert (await Certificate.get()).status.value == "revoked"


async def test_strangers_and_unreadable_files_are_refused_in_one_sentence(
    database: str, settings: Settings, tmp_path: Path
) -> None:
    exam, officer = await a_certification()
    ada = await accounts.person()
    file = tmp_path / "people.csv"
    file.write_bytes(b"name\nAda\n\xff")
    for by, said in (
        (str(ada.email), "you may not see it"),
        ("x", "by: Write an e-mail address"),
        (officer.email, "UTF-8"),
    ):
        code, output = await confero(
            settings, "issue", str(file), "--certification", exam.slug, "--by", str(by), "--yes"
        )
        assert (code, said in output, "Traceback" in output) == (1, True, False), output
    code, output = await confero(settings, "resume", "018f0000-0000-7000-8000-000000000000")
    assert (code, "No run has this id" in output) == (1, True)


async def test_ctrl_c_leaves_a_run_that_goes_on_where_it_was(database: str, settings: Settings, tmp_path: Path) -> None:
    exam, officer = await a_certification()
    people = [await accounts.person() for _ in range(120)]
    file = tmp_path / "people.csv"
    file.write_text("\n".join(str(one.email) for one in people))
    async with gate(database, "certificate", after=5) as half_way:
        process = await started(
            settings, "issue", str(file), "--certification", exam.slug, "--by", str(officer.email), "--yes"
        )
        await half_way.reached()
        process.send_signal(signal.SIGINT)
        output, _nothing = await asyncio.wait_for(process.communicate(), PATIENCE)
    run = await BulkRun.get()
    assert process.returncode == 130, output.decode()
    assert f"What is done stays done. Come back with: confero certificates resume {run.id}" in output.decode()
    assert run.state is RunState.running
    assert 100 < await BulkLine.filter(run_id=run.id, state=LineState.ready).count() <= 115

    code, said = await confero(settings, "resume", str(run.id))
    assert (code, "finished: 120 done, 0 failed, 0 left to do." in said) == (0, True), said
    holders = await Certificate.all().values_list("person_id", flat=True)
    assert sorted(holders) == sorted(one.id for one in people)
