"""What is taken as evidence, judged by its bytes."""

import pytest

from certification.renewal import evidence
from core.errors import InvalidInput

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40 + b"\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 40 + b"\xff\xd9"
PDF = b"%PDF-1.4\n...\n%%EOF"


@pytest.mark.parametrize(("content", "suffix"), [(PDF, "pdf"), (PNG, "png"), (JPEG, "jpg")])
def test_kind_follows_from_the_bytes(content: bytes, suffix: str) -> None:
    assert evidence.kind_of(content).suffix == suffix


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "Choose"),
        (b"GIF89a...", "PDF"),
        (b"<html><script>alert(1)</script>", "PDF"),
        (PDF[:-3], "cut off"),
        (PNG[:-9], "cut off"),
        (JPEG[:-1], "cut off"),
        (PDF + b" " * evidence.MOST_BYTES, "larger than 5 MB"),
    ],
)
def test_what_is_no_evidence_is_refused_by_name(content: bytes, word: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        evidence.kind_of(content)
    assert word in refusal.value.fields["file"]
