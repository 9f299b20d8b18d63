"""PDF/A-3: what a page needs beyond ink to be kept for years, read aloud and carry files (ISO 19005-3)."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file inside the PDF; `relationship` says what it is to the document (ISO 32000-2, 14.13)."""

    name: str
    content_type: str
    content: bytes
    description: str
    relationship: Literal["Source", "Data", "Alternative", "Supplement", "Unspecified"] = "Data"
