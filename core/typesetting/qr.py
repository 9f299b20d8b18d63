"""QR codes (ISO/IEC 18004) by zxing-cpp, drawn as one path."""

from math import isqrt
from typing import Any

import zxingcpp
from reportlab.pdfgen.canvas import Canvas

QUIET_ZONE = 4
"""Modules of empty space that the standard asks for on each side."""


def qr_modules(text: str) -> list[bytes]:
    """The rows of the QR code of `text`, top first: one byte a module, 0 where it is dark. Error correction level M."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image: Any = code.to_image(scale=1, add_quiet_zones=False)  # Any: its stubs leave out the buffer protocol
    flat = memoryview(image).tobytes()
    width = isqrt(len(flat))
    return [flat[start : start + width] for start in range(0, len(flat), width)]


def draw_qr(canvas: Canvas, text: str, x: float, y: float, size: float) -> None:
    """Draw the QR code of `text` in the square of `size` points at (x, y), quiet zone included.

    Black, whatever the fill colour of the canvas. The square should be white below: nothing is painted there.
    """
    rows = qr_modules(text)
    module = size / (len(rows) + 2 * QUIET_ZONE)
    canvas.saveState()
    canvas.setFillGray(0)
    # The path counts in modules from the top.
    canvas.transform(module, 0, 0, -module, x + QUIET_ZONE * module, y + (len(rows) + QUIET_ZONE) * module)
    canvas.addLiteral(f"{' '.join(_rectangles(rows))} f")
    canvas.restoreState()


def _rectangles(rows: list[bytes]) -> list[str]:
    """One rectangle for each row of dark modules, as operators: reportlab's paths cost ten times as much."""
    rectangles = []
    for number, row in enumerate(rows):
        end = 0
        while (start := row.find(0, end)) >= 0:
            end = row.find(255, start)
            end = len(row) if end < 0 else end
            # Rows overlap a little: else some viewers show hairlines between them.
            rectangles.append(f"{start} {number} {end - start} 1.02 re")
    return rectangles
