"""Sets text of any supported script on a PDF page, and QR codes.

Owns which font sets which character (`scripts`), the loaded fonts (`faces`), shaping and ordering of a line
(`shaping`), measuring, wrapping and fitting of text (`setting`), and everything that is drawn on reportlab's canvas
(`canvas`, `pages`): text (`text`), QR codes (`qr`), artwork and pictures compressed once a process (`artwork`,
`images`). The file is reportlab's too, with what makes it tagged (`structure`) and PDF/A-3 (`objects`, `pdfa`).
Nothing here knows what a certificate or a ticket is.
"""

from core.fonts import Typeface, Weight
from core.typesetting.artwork import Artwork
from core.typesetting.qr import draw_qr, qr_modules
from core.typesetting.setting import Fitted, fit, measure, wrap
from core.typesetting.shaping import Line, Style, UnsettableText, lay
from core.typesetting.text import Align, draw

__all__ = [
    "Align",
    "Artwork",
    "Fitted",
    "Line",
    "Style",
    "Typeface",
    "UnsettableText",
    "Weight",
    "draw",
    "draw_qr",
    "fit",
    "lay",
    "measure",
    "qr_modules",
    "wrap",
]
