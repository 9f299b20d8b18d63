"""Writes the objects of a PDF file one after another (ISO 32000-1, 7.5), with what ISO 19005 asks of their syntax."""

from hashlib import md5

_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


def stream(entries: bytes, content: bytes) -> bytes:
    """A stream object of dictionary `entries` and `content`, which is already encoded as they say."""
    return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (entries, len(content), content)


def text_string(text: str) -> bytes:
    """A text string (7.9.2.2): plain where it is ASCII, else UTF-16 with a mark."""
    if text.isascii() and text.isprintable():
        return b"(" + text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)").encode("ascii") + b")"
    return b"<FEFF%b>" % text.encode("utf-16-be", "replace").hex().upper().encode("ascii")


def name(text: str) -> bytes:
    """A name object (7.3.5); what is not a regular character is written by its number."""
    written = "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"#{byte:02X}" for byte in text.encode())
    return b"/" + written.encode("ascii")


class PdfFile:
    """Numbered objects, in the order in which they were added or reserved."""

    def __init__(self) -> None:
        """Begin without objects."""
        self._bodies: list[bytes] = []

    def reserve(self) -> int:
        """A number for an object that others refer to before it is written by `put`."""
        self._bodies.append(b"")
        return len(self._bodies)

    def put(self, number: int, body: bytes) -> None:
        """Write the object of a reserved number."""
        self._bodies[number - 1] = body

    def add(self, body: bytes) -> int:
        """Write an object; returns its number."""
        self._bodies.append(body)
        return len(self._bodies)

    def written(self, root: int, info: int) -> bytes:
        """The file; its identifier is the digest of what it holds, so that equal objects give equal bytes."""
        parts, offsets, offset = [_HEADER], [], len(_HEADER)
        for number, body in enumerate(self._bodies, 1):
            part = b"%d 0 obj\n%b\nendobj\n" % (number, body)
            parts.append(part)
            offsets.append(b"%010d 00000 n \n" % offset)
            offset += len(part)
        content = b"".join(parts)
        digest = md5(content, usedforsecurity=False).hexdigest().upper().encode("ascii")
        size = len(self._bodies) + 1
        table = b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, b"".join(offsets))
        trailer = b"<</Size %d/Root %d 0 R/Info %d 0 R/ID[<%b><%b>]>>" % (size, root, info, digest, digest)
        return b"%b%btrailer\n%b\nstartxref\n%d\n%%%%EOF\n" % (content, table, trailer, offset)
