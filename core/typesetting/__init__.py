"""Sets text of any supported script on a PDF page, and QR codes.

Owns which font sets which character (`scripts`), the loaded fonts (`faces`), shaping and ordering of a line
(`shaping`), drawing, wrapping and fitting of text (`setting`), QR codes (`qr`), artwork and pictures compressed once a
process (`artwork`, `images`), pages by reportlab (`pages`), and tagged PDF/A-3 by our own few lines (`pdfa`, `writer`).
Nothing here knows what a certificate or a ticket is.
"""

from core.fonts import Typeface, Weight
from core.typesetting.artwork import Artwork
from core.typesetting.qr import draw_qr, qr_modules
from core.typesetting.setting import Align, Fitted, draw, fit, measure, wrap
from core.typesetting.shaping import Line, Style, UnsettableText, lay

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
