"""Pictures in PDFs: decoded, made sRGB and compressed once a process, however many documents show them."""

import zlib
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any, Literal

from PIL import Image as Pillow
from PIL import ImageCms, ImageOps, UnidentifiedImageError
from reportlab.pdfbase.pdfdoc import PDFDocument

from core.errors import AppError
from core.i18n import N_
from core.typesetting.objects import Stream, encoded, name

_MOST_PIXELS = 2400  # along the longer side: 300 dpi over 20 cm


class UnreadablePicture(AppError):
    """The bytes are no picture that can be shown; whoever uploaded it gives another file."""

    code, status, message = "unreadable_picture", 422, N_("This file cannot be read as a picture.")


@dataclass(frozen=True, slots=True)
class Image:
    """Width and height in pixels, colour space, how the content is encoded, and the mask of a transparent picture."""

    width: int
    height: int
    space: Literal["DeviceRGB", "DeviceGray"]
    code: Literal["DCTDecode", "FlateDecode"]
    content: bytes
    mask: "Image | None" = None

    def stream(self, document: PDFDocument) -> Stream:
        """The image XObject (ISO 32000-1, 8.9.5) of `document`, which gets the mask as well."""
        entries = {
            "Type": name("XObject"),
            "Subtype": name("Image"),
            "Width": self.width,
            "Height": self.height,
            "BitsPerComponent": 8,
            "ColorSpace": name(self.space),
        }
        if self.mask:
            entries["SMask"] = document.Reference(self.mask.stream(document))
        return encoded(self.content, self.code, entries)


def image(content: bytes) -> Image:
    """The picture in `content` (PNG, JPEG and whatever else Pillow reads). Raises `UnreadablePicture`."""
    return _image(content)


@lru_cache(maxsize=16)  # Python keeps the hash of bytes, so a known picture costs nothing.
def _image(content: bytes) -> Image:
    try:
        with Pillow.open(BytesIO(content)) as opened:
            as_it_is = _unchanged(opened, content)
            if as_it_is:
                return as_it_is
            return _recoded(_upright(opened))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Pillow.DecompressionBombError, zlib.error):
        raise UnreadablePicture() from None


def _unchanged(opened: Any, content: bytes) -> Image | None:
    """A small upright sRGB or grey JPEG goes into the document as it is."""
    is_plain = opened.format == "JPEG" and opened.mode in ("RGB", "L") and "icc_profile" not in opened.info
    if not is_plain or max(opened.size) > _MOST_PIXELS or opened.getexif().get(0x0112, 1) != 1:
        return None
    opened.load()
    width, height = opened.size
    return Image(width, height, "DeviceRGB" if opened.mode == "RGB" else "DeviceGray", "DCTDecode", content)


def _upright(opened: Any) -> Any:
    turned = ImageOps.exif_transpose(opened)
    profile = turned.info.get("icc_profile")
    turned.thumbnail((_MOST_PIXELS, _MOST_PIXELS), Pillow.Resampling.LANCZOS)
    if profile and turned.mode in ("RGB", "RGBA", "CMYK", "L"):
        turned = _in_srgb(turned, profile)
    if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
        return turned.convert("RGBA")
    return turned.convert("L" if turned.mode in ("1", "L") else "RGB")


def _in_srgb(picture: Any, profile: bytes) -> Any:
    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        plain = picture.convert("RGB") if alpha else picture
        converted = ImageCms.profileToProfile(plain, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture  # A broken profile is ignored, as browsers do.
    if alpha and converted:
        converted.putalpha(alpha)
    return converted


def _recoded(picture: Any) -> Image:
    width, height = picture.size
    mask = None
    if picture.mode == "RGBA":
        alpha = picture.getchannel("A")
        if alpha.getextrema()[0] < 255:
            mask = Image(width, height, "DeviceGray", "FlateDecode", zlib.compress(alpha.tobytes()))
        picture = picture.convert("RGB")
    space: Literal["DeviceRGB", "DeviceGray"] = "DeviceGray" if picture.mode == "L" else "DeviceRGB"
    return Image(width, height, space, "FlateDecode", zlib.compress(picture.tobytes()), mask)
