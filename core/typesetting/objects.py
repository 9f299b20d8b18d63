"""reportlab's objects of a PDF file, with what they lack for an archive (ISO 19005-3) and for speed."""

import zlib
from codecs import BOM_UTF16_BE
from functools import cache
from typing import Any

from reportlab.pdfbase.pdfdoc import (
    DummyDoc,
    PDFDictionary,
    PDFDocument,
    PDFStream,
    PDFString,
    PDFText,
)
from reportlab.pdfbase.pdfdoc import format as formatted

_ANY = DummyDoc()


class Dictionary(PDFDictionary):  # type: ignore[misc]  # reportlab has no types
    """A dictionary in the order in which it was made, whose keys are plain names and values may be bytes.

    reportlab's checks, sorts and encodes its keys each time, which is a third of the time that a certificate takes.
    """

    def format(self, document: PDFDocument, IND: bytes = b"") -> bytes:  # noqa: N803
        """The dictionary as it stands in the file."""
        return b"<<%b>>" % b"".join(
            b"%b %b" % (name(key), value if isinstance(value, bytes) else formatted(value, document))
            for key, value in self.dict.items()
        )


class Stream(PDFStream):  # type: ignore[misc]
    """A stream of bytes that are encoded already, whose end stands on a line of its own (6.1.7.1): reportlab's leaves
    that line break out."""

    def format(self, document: PDFDocument) -> bytes:
        """The stream as it stands in the file."""
        entries = Dictionary(self.dictionary.dict | {"Length": len(self.content)})
        return b"%b\nstream\n%b\nendstream\n" % (entries.format(document), self.content)


def encoded(content: bytes, code: str, entries: dict[str, Any]) -> Stream:
    """A stream of `content` that is already encoded as the filter `code` reads it."""
    return Stream(Dictionary(entries | {"Filter": name(code)}), content)


def deflated(content: bytes, entries: dict[str, Any] | None = None) -> Stream:
    """A stream of `content`, compressed here."""
    return encoded(zlib.compress(content), "FlateDecode", entries or {})


@cache
def name(text: str) -> bytes:
    """A name object; reportlab's `PDFName` would let a slash in the middle through."""
    written = "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"#{byte:02X}" for byte in text.encode())
    return b"/" + written.encode("ascii")


def text_string(text: str) -> bytes:
    """A text string (ISO 32000-1, 7.9.2.2): plain where it is ASCII, else UTF-16 with a mark, in half of the space that
    reportlab's `PDFString` takes for it."""
    if text.isascii() and text.isprintable():
        return settled(PDFString(text))
    return settled(PDFText(BOM_UTF16_BE + text.encode("utf-16-be", "replace")))


def settled(value: Any) -> bytes:
    """A value that refers to no other object, as it stands in every file: written once, then only copied."""
    written: bytes = formatted(value, _ANY)
    return written
