"""Uploaded pictures made safe and small: opened, measured, turned upright, brought to sRGB and written anew.

What comes out is always ours: no metadata such as the place of a photograph, nothing behind the end of the picture,
one of the two formats and colour modes that setting a page takes.
"""

import struct
import warnings
import zlib
from dataclasses import dataclass
from io import BytesIO
from threading import Lock
from typing import Any

from PIL import Image, ImageCms, ImageOps

from core.errors import InvalidInput
from core.i18n import gettext as _

MAX_PIXELS = 25_000_000
"""Largest picture taken, width times height; a bomb of a few kilobytes would unfold to gigabytes."""
LONGEST_SIDE = 2400
"""Pixels that are kept of the longer side: 300 dots per inch over 20 cm, the most that setting a page makes use of."""
_SHORTEST_SIDE = 16
_MODES = {"PNG": ("L", "RGB", "RGBA"), "JPEG": ("L", "RGB")}
_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg"}
# What Pillow raises for files that are cut off, broken or hostile, as fuzzing found them.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    struct.error,
    zlib.error,
)
_one_at_a_time = Lock()  # Each holds up to 100 MB while it is unfolded.


@dataclass(frozen=True, slots=True)
class CheckedPicture:
    """Bytes that can be set into a page, their media type, and their size in pixels."""

    content: bytes
    content_type: str
    width: int
    height: int


def check(content: bytes) -> CheckedPicture:
    """The picture as it will be kept; equal input gives equal bytes. Takes a while: call it in a thread.

    Raises `InvalidInput` on `file` for what is no PNG or JPEG, is broken, too large or too small.
    """
    with _one_at_a_time, warnings.catch_warnings():
        # Pillow warns of bombs from 89 million pixels on; the limit here is lower and is said in a sentence.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            return _check(content)
        except Image.DecompressionBombError:
            raise _too_many_pixels() from None
        except _BROKEN:
            raise InvalidInput({"file": _("This file is no PNG or JPEG picture, or it is damaged.")}) from None


def _check(content: bytes) -> CheckedPicture:
    with Image.open(BytesIO(content), formats=tuple(_TYPES)) as opened:
        kind = str(opened.format)
        if opened.width * opened.height > MAX_PIXELS:
            raise _too_many_pixels()
        if min(opened.size) < _SHORTEST_SIDE:
            raise InvalidInput({"file": _("Choose a picture of at least 16 pixels each way.")})
        if kind == "JPEG":
            opened.draft(None, (LONGEST_SIDE, LONGEST_SIDE))  # None keeps the mode
        opened.load()
        picture = _in_srgb(ImageOps.exif_transpose(opened))
    if picture.mode not in _MODES[kind]:
        picture = picture.convert(_MODES[kind][-1])
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return CheckedPicture(_written(picture, kind), _TYPES[kind], picture.width, picture.height)


def _in_srgb(picture: Image.Image) -> Image.Image:
    """The picture in sRGB, as PDF/A asks of a page; a profile that cannot be read counts as none."""
    profile = picture.info.get("icc_profile")
    if picture.mode in ("I", "I;16", "I;16B", "F"):
        return picture.convert("I").point(lambda value: value / 256).convert("L")  # 16 bit grey
    if picture.mode == "1":
        return picture.convert("L")
    if picture.mode in ("P", "PA", "LA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    if profile and picture.mode in ("RGB", "RGBA", "CMYK"):
        try:
            return _converted(picture, profile)
        except (ImageCms.PyCMSError, OSError):
            pass
    return picture


def _converted(picture: Image.Image, profile: bytes) -> Image.Image:
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    target: Any = ImageCms.createProfile("sRGB")  # Any: a profile of the C core, which has no type
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    made = ImageCms.profileToProfile(picture, source, target, outputMode=mode)
    return made if made is not None else picture


def _written(picture: Image.Image, kind: str) -> bytes:
    clean = Image.new(picture.mode, picture.size)
    clean.paste(picture)
    buffer = BytesIO()
    if kind == "PNG":
        clean.save(buffer, "PNG", optimize=False, compress_level=9)
    else:
        clean.save(buffer, "JPEG", quality=92, subsampling=0, optimize=True)
    return buffer.getvalue()


def _too_many_pixels() -> InvalidInput:
    message = _("Choose a picture of at most {limit} million pixels.").format(limit=MAX_PIXELS // 1_000_000)
    return InvalidInput({"file": message})
