"""Certificate PDFs a second on one core, against the least reportlab code that sets a name and a QR code."""

from collections.abc import Callable
from datetime import date
from io import BytesIO
from statistics import median
from time import process_time
from typing import Any

import zxingcpp
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from certification.certificates.pdf import CertificateFacts, render_certificate
from core.fonts import ensure, fonts_folder

BUDGET = 0.6
_PAGES = 100
_ROUNDS = 5


def run() -> dict[str, Any]:
    """Measure both in turn in this process; `bare` and `confero` are pages per second of processor time (medians)."""
    registerFont(TTFont("Bare", str(ensure(fonts_folder()) / "NotoSans-Regular.ttf")))
    _bare(0)
    _confero(0)
    rates = [(_rate(_bare, turn), _rate(_confero, turn)) for turn in range(_ROUNDS)]
    bare, confero = median(rate for rate, _ in rates), median(rate for _, rate in rates)
    return {
        "name": "certificate PDF with QR",
        "bare": round(bare, 1),
        "confero": round(confero, 1),
        "ratio": round(median(mine / least for least, mine in rates), 2),
        "budget": BUDGET,
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


def _confero(index: int) -> None:
    render_certificate(
        CertificateFacts(
            number=f"CF-{index:08d}",
            holder_name=_name(index),
            achievement="Certified Cloud Native Associate",
            statement="has shown in a proctored exam of 60 tasks what an associate needs to run cloud native systems",
            organization="Nairobi Open Source Foundation",
            accent="#1a4f8b",
            issued_on=date(2026, 11, 24),
            passed_on=date(2026, 11, 23),
            valid_until=date(2028, 11, 23),
            verify_url=_address(index),
            language="en",
        )
    )


def _name(index: int) -> str:
    letters = "".join(chr(ord("a") + (index // 26**place) % 26) for place in range(3))
    return f"Amina {letters.title()} Żółkiewska-Nguyễn"


def _address(index: int) -> str:
    return f"https://confero.example.org/verify/CF-{index:08d}"


if __name__ == "__main__":
    print(run())
