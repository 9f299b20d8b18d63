"""The incremental update that a signature is, kept to what an archival file says of itself (ISO 19005-3).

Loads pyHanko; imported when a PDF is signed.
"""

from pyhanko.pdf_utils.extensions import DeveloperExtension
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

_ARCHIVAL = (1, 7)  # ISO 19005-3, 1: a file of part 3 is one of ISO 32000-1, which is PDF 1.7


class ArchivalUpdate(IncrementalPdfFileWriter):
    """An update that makes no PDF 2.0 of a PDF 1.7, and leaves the metadata as it was.

    pyHanko raises the version for every ECDSA signature, to declare curves that ISO/TS 32002 lists. A PAdES signature
    brings its algorithms along with ETSI's extension, which is one of PDF 1.7 (ETSI EN 319 142-1). And it writes itself
    as producer and the time of the machine into the metadata, differently into Info and XMP; they have to agree, and
    when a file was signed stands in the signature.
    """

    def ensure_output_version(self, version: tuple[int, int]) -> None:
        """Raise the version of an older file, but to 1.7 at most."""
        super().ensure_output_version(min(version, _ARCHIVAL))  # type: ignore[no-untyped-call]  # pyHanko's

    def register_extension(self, ext: DeveloperExtension) -> None:
        """Declare an extension, unless it is one of a later version of PDF."""
        if ext.base_version == "/1.7":
            super().register_extension(ext)

    def _update_meta(self) -> None:
        """Leave Info and XMP alone."""
