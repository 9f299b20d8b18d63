"""PDF signatures a second on one core, against pyHanko's own call, which measures the room for each signature anew.

Both sign the same page with the same ECDSA P-256 certificate as PAdES B-B. `fixed` is pyHanko's call with the room
given, the least there is; Confero's differs from it by a thread and an event loop for each document.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from reportlab.pdfgen.canvas import Canvas

from certification.signing import pades, signers
from certification.signing.signers import LoadedSigner
from core.settings import Environment, Settings, use_settings

BUDGET = 1.4
_FILES = 60
_ROUNDS = 5


def run() -> dict[str, Any]:
    """Measure in turn in this process; rates are signatures per second of processor time (medians)."""
    with TemporaryDirectory() as folder:
        use_settings(Settings(_env_file=None, environment=Environment.test, var_dir=folder))
        loaded = signers.signer_for("bench", organization_name="Bench")
        assert loaded is not None
        page = _page()
        _confero(page, 1)
        works: dict[str, Callable[[int], None]] = {
            "bare": lambda count: _bare(loaded, page, count, None),
            "fixed": lambda count: _bare(loaded, page, count, loaded.reserved),
            "confero": lambda count: _confero(page, count),
        }
        rounds = [{name: _rate(work) for name, work in works.items()} for _ in range(_ROUNDS)]
    rates = {name: median(each[name] for each in rounds) for name in works}
    return {
        "name": "PDF signature (PAdES B-B, ECDSA P-256)",
        "bare": round(rates["bare"], 1),
        "confero": round(rates["confero"], 1),
        "ratio": round(median(each["confero"] / each["bare"] for each in rounds), 2),
        "budget": BUDGET,
        "fixed": round(rates["fixed"], 1),
    }


def _rate(work: Callable[[int], None]) -> float:
    started = process_time()
    work(_FILES)
    return _FILES / (process_time() - started)


def _bare(loaded: LoadedSigner, page: bytes, count: int, reserved: int | None) -> None:
    for _ in range(count):
        loaded.pdf_signer.sign_pdf(IncrementalPdfFileWriter(BytesIO(page)), bytes_reserved=reserved)


def _confero(page: bytes, count: int) -> None:
    async def sign() -> None:
        for _ in range(count):
            await pades.sign_pdf(page, "bench", organization_name="Bench", now=datetime.now(UTC))

    asyncio.run(sign())


def _page() -> bytes:
    """A page of about the size of a certificate: 60 KB that do not compress."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=(842, 595), invariant=1, pageCompression=0)
    for line in range(1200):
        canvas.drawString(72, 500, f"Certificate {line:08d} of somebody")
    canvas.save()
    return buffer.getvalue()


if __name__ == "__main__":
    print(run())
