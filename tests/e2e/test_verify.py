"""Verifying in a real browser and terminal: by dropping a file, with the keyboard, without scripts, by command."""

import base64
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Browser, FilePayload, Page, expect

from accounts.models import Organization, Role
from certification.badges import baking
from certification.badges.models import Badge
from certification.certificates import sharing, statuses
from certification.certificates.models import Certificate
from core import files
from core.job_runner import run_pending
from tests.e2e.live import LiveServer
from tests.e2e.visitor import check_page, visiting
from tests.factories import accounts, certification
from tests.integration.certification.test_succession import earned
from tests.patience import PATIENCE

_DROP = """([content, name]) => {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const carried = new DataTransfer();
  carried.items.add(new File([bytes], name));
  const send = (kind) => document.querySelector("main").dispatchEvent(
    new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }));
  send("dragenter");
  const isMarked = document.querySelector("[data-drop-zone]").classList.contains("drop-zone-over");
  send("dragover");
  send("drop");
  return isMarked;
}"""


async def drop(page: Page, content: bytes, name: str) -> None:
    """Drag a file from the desktop onto the page."""
    async with page.expect_navigation():
        is_marked = await page.evaluate(_DROP, [base64.b64encode(content).decode(), name])
    assert is_marked, "the place to drop is not marked while a file is over the page"


async def issued() -> tuple[Certificate, bytes, Badge]:
    """A certificate issued now, its PDF and its badge."""
    certificate = await earned(await certification.certification(), await accounts.person(), at=datetime.now(UTC))
    return certificate, await files.get(certificate.pdf_sha256), await Badge.get(id=certificate.badge_id)


async def test_dropped_files_are_verified_and_every_answer_is_accessible(live: LiveServer, browser: Browser) -> None:
    _, pdf, badge = await issued()
    changed = pdf[:2000] + bytes([pdf[2000] ^ 1]) + pdf[2001:]
    svg = baking.bake_svg(b'<svg xmlns="http://www.w3.org/2000/svg"/>', badge.credential)
    forged = badge.credential.replace("Zoe Angstrom", "Mallory Example").encode()
    answers = {
        "certificate.pdf": (pdf, "Genuine and valid"),
        "changed.pdf": (changed, "Not genuine"),
        "badge.json": (badge.credential.encode(), "Genuine and valid"),
        "badge.jwt": (badge.jwt.encode(), "Genuine and valid"),
        "badge.svg": (svg, "Genuine and valid"),
        "forged.json": (forged, "Not genuine"),
        "holiday.txt": (b"hello", "Cannot be verified"),
    }
    async with visiting(browser, live.url) as visitor:
        page = await visitor.open("/verify")
        await check_page(page)
        for name, (content, title) in answers.items():
            await page.goto(live.url + "/verify")
            await drop(page, content, name)
            await expect(page.get_by_role("heading", name=title)).to_be_visible()
            await check_page(page)
            await _keep(page, f"dropped-{name}")


async def test_states_by_number_and_by_file(live: LiveServer, browser: Browser) -> None:
    certificate, pdf, _ = await issued()
    officer = await accounts.member(await _organization(certificate), Role.certification_officer)
    now = datetime.now(UTC)
    async with visiting(browser, live.url) as visitor:
        page = await visitor.open(f"/verify/{certificate.number}")
        await expect(page.get_by_role("heading", name="Valid", exact=True)).to_be_visible()
        await check_page(page)
        await sharing.hide_name(certificate, is_hidden=True, by=await certificate.person)
        await page.reload()
        await expect(page.get_by_text("Zoe Angstrom")).to_have_count(0)
        suspended = await statuses.suspend(certificate, reason="Under review", by=officer, now=now)
        await page.reload()
        await expect(page.get_by_role("heading", name="Suspended")).to_be_visible()
        await check_page(page)
        await _keep(page, "suspended")
        back = await statuses.reinstate(suspended, reason="Cleared", by=officer, now=now)
        await statuses.revoke(back, reason="Forged identity", by=officer, now=now)
        await drop(page, pdf, "certificate.pdf")
        await expect(page.get_by_role("heading", name="Genuine, but revoked")).to_be_visible()
        await expect(page.get_by_text("Forged identity")).to_have_count(0)
        await check_page(page)
        await _keep(page, "revoked-file")


async def test_keyboard_alone_chooses_and_verifies_a_file(live: LiveServer, browser: Browser) -> None:
    _, pdf, _ = await issued()
    async with visiting(browser, live.url) as visitor:
        page = await visitor.open("/verify")
        chooser = page.get_by_label("Certificate or badge")
        await chooser.focus()
        await expect(chooser).to_be_focused()
        async with page.expect_file_chooser() as choosing:
            await chooser.press("Enter")
        await (await choosing.value).set_files({"name": "c.pdf", "mimeType": "application/pdf", "buffer": pdf})
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="Verify this file")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Genuine and valid")).to_be_visible()


async def test_without_scripts_the_same_form_verifies(live: LiveServer, browser: Browser) -> None:
    certificate, pdf, _ = await issued()
    async with visiting(browser, live.url, java_script_enabled=False) as visitor:
        page = await visitor.open("/verify")
        await expect(page.get_by_text("Drop the file here")).to_be_hidden()
        await page.get_by_label("Certificate number").fill(f"{live.url}/verify/{certificate.number}")
        await page.get_by_role("button", name="Verify this number").click()
        await expect(page.get_by_role("heading", name="Valid", exact=True)).to_be_visible()
        chosen: FilePayload = {"name": "c.pdf", "mimeType": "application/pdf", "buffer": pdf}
        await page.get_by_label("Certificate or badge").set_input_files(chosen)
        await page.get_by_role("button", name="Verify this file").click()
        await expect(page.get_by_role("heading", name="Genuine and valid")).to_be_visible()


async def test_command_asks_the_issuer_that_the_file_names(live: LiveServer, tmp_path: Path) -> None:
    certificate, pdf, badge = await issued()
    officer = await accounts.member(await _organization(certificate), Role.certification_officer)
    file, changed = tmp_path / "certificate.pdf", tmp_path / "changed.pdf"
    file.write_bytes(pdf)
    changed.write_bytes(pdf[:2000] + bytes([pdf[2000] ^ 1]) + pdf[2001:])
    (tmp_path / "badge.json").write_text(badge.credential)

    trust = ("--trust", json.loads(badge.credential)["issuer"]["id"])
    valid = confero_verify(file, *trust)
    as_badge = confero_verify(tmp_path / "badge.json", "--json", *trust)
    unknown = confero_verify(tmp_path / "badge.json")
    alone = confero_verify(file, "--offline", "--json")
    refused = confero_verify(changed)
    refused_offline = confero_verify(changed, "--offline")
    await statuses.revoke(certificate, reason="Forged identity", by=officer, now=datetime.now(UTC))
    await run_pending()
    revoked = confero_verify(file)
    missing = confero_verify(tmp_path / "no.pdf")

    assert (valid.returncode, "and it is valid." in " ".join(valid.stdout.split())) == (0, True), (
        valid.stdout + valid.stderr
    )
    assert (as_badge.returncode, json.loads(as_badge.stdout)["verdict"]) == (0, "valid")
    assert (unknown.returncode, "Signed by somebody unknown" in unknown.stdout) == (3, True), unknown.stderr
    assert (alone.returncode, json.loads(alone.stdout)["verdict"]) == (3, "intact")
    assert (refused.returncode, refused_offline.returncode) == (1, 1)
    assert (revoked.returncode, "has revoked the badge" in " ".join(revoked.stdout.split())) == (1, True)
    assert (missing.returncode, "Traceback" in missing.stderr) == (2, False)


def confero_verify(file: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """The command in a process and a folder of its own, as if on another machine: no settings, no database."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CONFERO_")}
    environment |= {"NO_COLOR": "1", "COLUMNS": "120", "CONFERO_ENVIRONMENT": "production"}
    command = [sys.executable, "-m", "api.cli", "verify", str(file), *options]
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    return subprocess.run(
        command, cwd=file.parent, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


async def _organization(certificate: Certificate) -> Organization:
    await certificate.fetch_related("organization")
    return certificate.organization


async def _keep(page: Page, name: str) -> None:
    """Each answer has the same address, so that the pictures need names."""
    if folder := os.environ.get("CONFERO_TEST_SCREENSHOTS"):
        for width in (1280, 390):
            await page.set_viewport_size({"width": width, "height": 900})
            await page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
        await page.set_viewport_size({"width": 1280, "height": 900})
