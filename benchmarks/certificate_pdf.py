"""Certificate PDFs a second on one core, against the least reportlab code that sets a name and a QR code.

What is measured is the whole document, tagged PDF/A-3 with an attached file of a badge's size, but not signed.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from statistics import median
from time import process_time
from typing import Any

import zxingcpp
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from certification.layouts import shipped
from certification.layouts.facts import DocumentFacts
from certification.layouts.rendering import AttachedFile, render
from core.fonts import ensure, fonts_folder

BUDGET = 0.6
_PAGES = 100
_ROUNDS = 5
_CLAIMS = b",".join(b'"claim %d": "%x"' % (index, index**9) for index in range(160))
_BADGE = AttachedFile("open-badge.json", "application/ld+json", b"{%b}" % _CLAIMS, "Open Badge")


def run() -> dict[str, Any]:
    """Measure in turn in this process; `bare` and `confero` are pages per second of processor time (medians).

    `confero` and `ratio` are of the slower layout; `layouts` has each.
    """
    registerFont(TTFont("Bare", str(ensure(fonts_folder()) / "NotoSans-Regular.ttf")))
    works = {"bare": _bare, "classic": _classic, "plain": _plain}
    for work in works.values():
        work(0)
    rounds = [{name: _rate(work, turn) for name, work in works.items()} for turn in range(_ROUNDS)]
    rates = {name: median(each[name] for each in rounds) for name in works}
    ratios = {name: median(each[name] / each["bare"] for each in rounds) for name in ("classic", "plain")}
    slower = min(ratios, key=lambda name: ratios[name])
    return {
        "name": "certificate PDF with QR",
        "bare": round(rates["bare"], 1),
        "confero": round(rates[slower], 1),
        "ratio": round(ratios[slower], 2),
        "budget": BUDGET,
        "layouts": {name: {"rate": round(rates[name], 1), "ratio": round(ratio, 2)} for name, ratio in ratios.items()},
    }


def _rate(render: Callable[[int], None], turn: int) -> float:
    started = process_time()
    for index in range(_PAGES):
        render(turn * _PAGES + index + 1)
    return _PAGES / (process_time() - started)


def _bare(index: int) -> None:
    """One page with an embedded font, ten lines of text and a QR code."""
    canvas = Canvas(BytesIO(), pagesize=(842, 595), pageCompression=1)
    canvas.setFont("Bare", 20)
    canvas.drawCentredString(421, 400, _name(index))
    canvas.setFont("Bare", 11)
    for line in range(9):
        canvas.drawString(72, 300 - 16 * line, f"Passed the examination of certificate number {index:08d}")
    code = zxingcpp.create_barcode(_address(index), zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image: Any = code.to_image(add_quiet_zones=False)  # Any: its stubs leave out the buffer protocol
    rows: Any = memoryview(image).tolist()
    path = canvas.beginPath()
    for number, row in enumerate(rows):
        for column, module in enumerate(row):
            if module == 0:
                path.rect(680 + 3 * column, 180 - 3 * number, 3, 3)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.showPage()
    canvas.save()


def _classic(index: int) -> None:
    _render("classic", replace(_FACTS, holder_name=_name(index), number=_number(index), verify_url=_address(index)))


def _plain(index: int) -> None:
    facts = replace(_ATTENDED, holder_name=_name(index), number=_number(index), verify_url=_address(index))
    _render("plain", facts)


def _render(layout: str, facts: DocumentFacts) -> None:
    moment = datetime(2026, 11, 24, 9, tzinfo=UTC)
    render(shipped.DEFINITIONS[layout], facts, pictures={}, attachments=(_BADGE,), created_at=moment)


_FACTS = DocumentFacts(
    number="",
    holder_name="",
    achievement="Certified Cloud Native Associate",
    statement="has shown in a proctored exam of 60 tasks what an associate needs to run cloud native systems",
    organization="Nairobi Open Source Foundation",
    accent="#1a4f8b",
    language="en",
    achieved_on=date(2026, 11, 23),
    issued_on=date(2026, 11, 24),
    valid_until=date(2028, 11, 23),
    verify_url="",
)
_ATTENDED = replace(
    _FACTS,
    achievement="Open Source Congress Nairobi 2026",
    statement="Two days of talks and workshops on building, running and sustaining open source software.",
    valid_until=None,
    hours=Decimal("11.5"),
    credits=Decimal(10),
    event="Open Source Congress Nairobi 2026",
    event_place="Kenyatta International Convention Centre, Nairobi",
    event_dates="20–21 November 2026",
    kind="attendance",
)


def _number(index: int) -> str:
    return f"CF-{index:08d}"


def _name(index: int) -> str:
    letters = "".join(chr(ord("a") + (index // 26**place) % 26) for place in range(3))
    return f"Amina {letters.title()} Żółkiewska-Nguyễn"


def _address(index: int) -> str:
    return f"https://confero.example.org/verify/CF-{index:08d}"


if __name__ == "__main__":
    print(run())
