"""A worker killed at any step of issuing: one certificate, one badge, one mail, and nothing half-made to be seen."""

import asyncio
import os
import signal
import sys
from datetime import timedelta

import pytest

from api.app import create_app
from api.worker import import_jobs
from certification.badges.models import Badge
from certification.certificates.file_verification import FileVerdict, verify_file
from certification.certificates.models import Certificate, IssueRequest, IssueState
from core import files
from core.job_runner import Pace, run_pending
from core.models import OutgoingMail
from core.settings import Settings
from tests.factories import accounts
from tests.integration.certification.test_certificates import NOW, a_certification, request_for
from tests.postgres import ROOT

import_jobs()
STEPS = [
    ("certification.badges.status_lists allocate after", 0),
    ("certification.badges.credential make after", 0),
    ("certification.layouts.rendering render after", 0),
    ("certification.signing.pades sign_pdf after", 0),
    ("core.files put before", 0),
    ("core.files put after", 0),
    ("certification.badges.credential save after", 0),
    ("certification.certificates.emails tell_issued before", 0),
    ("certification.certificates.emails tell_issued after", 0),
    ("certification.certificates.issuing issue after", 1),
]
"""Where the worker dies, and how many certificates there are then: none until the one commit, which comes last."""


async def die(step: str, settings: Settings) -> int:
    """Run a worker that dies at `step`; returns how it ended."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONFERO_")} | {
        "CONFERO_ENVIRONMENT": "test",
        "CONFERO_PUBLIC_URL": settings.public_url,
        "CONFERO_DATABASE_URL": str(settings.database_url),
        "CONFERO_VAR_DIR": str(settings.var_dir),
        "CONFERO_FONTS_DIR": str(settings.fonts_dir),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.certification.dying_worker",
        *step.split(),
        cwd=ROOT,
        env=environment,
    )
    return await process.wait()


@pytest.mark.parametrize(("step", "visible"), STEPS)
async def test_killed_worker_leaves_one_certificate_and_one_mail(
    step: str, visible: int, database: str, settings: Settings
) -> None:
    certification, _ = await a_certification()
    holder = await accounts.person()
    request = await request_for(certification, holder)

    assert await die(step, settings) == -signal.SIGKILL

    assert await Certificate.all().count() == visible
    assert await Badge.all().count() == visible
    assert await OutgoingMail.filter(template="certificates/issued").count() == visible
    async with accounts.signed_in(create_app(settings), holder) as client:
        shown = await client.get("/me/certificates")
        assert ("Certified Associate" in shown.text) is bool(visible)

    await run_pending(pace=Pace(stale_after=timedelta(0)))

    certificate = await Certificate.get(person_id=holder.id)
    assert await Badge.all().count() == 1
    assert await OutgoingMail.filter(template="certificates/issued").count() == 1
    assert (await IssueRequest.get(id=request.id)).state is IssueState.issued
    found = await verify_file(await files.get(certificate.pdf_sha256), number=None, now=NOW)
    assert found.verdict is FileVerdict.genuine
