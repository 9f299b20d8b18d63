"""Vector artwork that is the same on every page: drawn and compressed once a process, then only copied."""

import zlib
from collections.abc import Sequence

from core.typesetting.writer import stream


class Artwork:
    """A form XObject (ISO 32000-1, 8.10) of path operators; it takes colours and line width from where it is drawn."""

    def __init__(self, name: str, operators: str, box: Sequence[float]) -> None:
        """Keep `operators`, which draw inside `box` (left, bottom, right, top in points), under a name of its own."""
        self.name = name
        corners = " ".join(f"{edge:g}" for edge in box)
        entries = f"/Type/XObject/Subtype/Form/BBox[{corners}]/Resources<<>>/Filter/FlateDecode"
        self.stream = stream(entries.encode("ascii"), zlib.compress(operators.encode("ascii"), 9))
        """The whole object; a document holds it once, however often it is drawn."""
