"""Signing a certificate's PDF: PAdES baseline B, or T where a time-stamp service is configured (ETSI EN 319 142-1).

The signature is an incremental update, so that the page stays byte for byte what it was; its field is invisible and
keeps what PDF/A asks of annotations. See docs/decisions/0017-signed-pdfs.md.
"""

import asyncio
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING

from certification.signing.levels import SignatureLevel

if TYPE_CHECKING:
    from pyhanko.sign.signers.pdf_signer import PdfSigningSession

    from certification.signing.signers import LoadedSigner


async def sign_pdf(
    pdf: bytes, organization_slug: str, *, organization_name: str, now: datetime
) -> tuple[bytes, SignatureLevel]:
    """Sign for an organization, in a thread; returns the file and how it is signed, or it as it was where production
    has no signer configured.

    `now` is the signature's claimed time (UTC). Raises `signers.CannotSign`: the certificate or token cannot be used,
    the time-stamp service is down, or `pdf` is no PDF. Nothing is ever signed at a lower level than configured.
    """
    return await asyncio.to_thread(sign_pdf_here, pdf, organization_slug, organization_name=organization_name, now=now)


def sign_pdf_here(
    pdf: bytes, organization_slug: str, *, organization_name: str, now: datetime
) -> tuple[bytes, SignatureLevel]:
    """`sign_pdf` in the calling thread, which has no event loop of its own."""
    from certification.signing import signers

    loaded = signers.signer_for(organization_slug, organization_name=organization_name)
    if loaded is None:
        return pdf, SignatureLevel.none
    signers.check_dates(loaded, organization_slug, now=now)
    with signers.explained(loaded, organization_slug):
        return _sign(pdf, loaded, now), loaded.level


def _sign(pdf: bytes, loaded: "LoadedSigner", now: datetime) -> bytes:
    from certification.signing.updates import ArchivalUpdate

    session = loaded.pdf_signer.init_signing_session(ArchivalUpdate(BytesIO(pdf)))
    session.system_time = now
    with loaded.lock:
        return asyncio.run(_finish(session, loaded))


async def _finish(session: "PdfSigningSession", loaded: "LoadedSigner") -> bytes:
    from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes

    if loaded.reserved is None:
        loaded.reserved = await session.estimate_signature_container_size(None)
    document = session.prepare_tbs_document(None, loaded.reserved)
    output = BytesIO()
    prepared, _ = document.digest_tbs_document(output=output)
    await document.perform_signature(prepared.document_digest, PdfCMSSignedAttributes())
    return output.getvalue()
