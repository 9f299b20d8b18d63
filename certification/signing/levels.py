"""How far a signature on a PDF goes. Loads no engine, so that tables and pages can name it."""

from enum import StrEnum


class SignatureLevel(StrEnum):
    """How the PDF is signed: not at all, PAdES baseline B, or baseline T with a time stamp (ETSI EN 319 142-1)."""

    none = "none"
    b_b = "B-B"
    b_t = "B-T"
