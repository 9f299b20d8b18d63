"""What becomes of an uploaded picture, and what is refused."""

import struct
import zlib
from io import BytesIO
from random import Random

import pytest
from PIL import Image

from certification.layouts.checking_pictures import LONGEST_SIDE, MAX_PIXELS, check
from core.errors import InvalidInput
from tests.factories.layouts import png


def written(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


@pytest.mark.parametrize(
    ("mode", "kind", "kept"),
    [
        ("RGB", "PNG", "RGB"),
        ("RGBA", "PNG", "RGBA"),
        ("L", "PNG", "L"),
        ("LA", "PNG", "RGBA"),
        ("P", "PNG", "RGBA"),
        ("1", "PNG", "L"),
        ("I;16", "PNG", "L"),
        ("RGB", "JPEG", "RGB"),
        ("L", "JPEG", "L"),
        ("CMYK", "JPEG", "RGB"),
    ],
)
def test_every_kind_of_picture_becomes_one_that_pages_take(mode: str, kind: str, kept: str) -> None:
    checked = check(written(Image.new(mode, (40, 30)), kind))
    again = opened(checked.content)
    assert (checked.width, checked.height) == again.size == (40, 30)
    assert (again.mode, again.format, checked.content_type) == (kept, kind, f"image/{kind.lower()}")


def test_sixteen_bit_grey_keeps_its_brightness() -> None:
    image = Image.new("I;16", (20, 20), 0x8000)
    assert opened(check(written(image, "PNG")).content).getpixel((3, 3)) == 0x80


def test_metadata_and_what_hangs_behind_go() -> None:
    exif = Image.Exif()
    exif[0x010E] = "where it was taken"
    content = written(Image.new("RGB", (40, 30)), "JPEG", exif=exif) + b"<script>alert(1)</script>"
    checked = check(content)
    assert b"where it was taken" not in checked.content
    assert b"script" not in checked.content
    assert dict(opened(checked.content).getexif()) == {}


def test_a_photograph_on_its_side_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    checked = check(written(Image.new("RGB", (40, 30)), "JPEG", exif=exif))
    assert (checked.width, checked.height) == (30, 40)


def test_a_large_picture_is_made_smaller_in_proportion() -> None:
    checked = check(written(Image.new("L", (5000, 2500)), "PNG"))
    assert (checked.width, checked.height) == (LONGEST_SIDE, LONGEST_SIDE // 2)


def test_equal_pictures_are_equal_bytes() -> None:
    assert check(png()).content == check(png()).content
    assert check(check(png()).content).content == check(png()).content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        written(Image.new("RGB", (40, 30)), "GIF"),
        written(Image.new("RGB", (40, 30)), "WEBP"),
        png()[:60],
        png()[:-30],
    ],
)
def test_what_is_no_png_or_jpeg_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check(content)
    assert refusal.value.fields == {"file": "This file is no PNG or JPEG picture, or it is damaged."}


def test_a_tiny_picture_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least 16 pixels"):
        check(png(8, 40))


@pytest.mark.parametrize(("width", "height"), [(5001, 5000), (20_000, 20_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_before_it_unfolds(width: int, height: int) -> None:
    assert width * height > MAX_PIXELS

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 9999)) + chunk(b"IEND", b"")
    )
    with pytest.raises(InvalidInput, match="at most 25 million pixels"):
        check(bomb)


def test_broken_bytes_are_refused_or_taken_but_never_a_fault() -> None:
    chance, outcomes = Random(7), {"taken": 0, "refused": 0}
    seeds = [
        png(),
        written(Image.new("CMYK", (40, 30), (9, 99, 9, 9)), "JPEG"),
        written(Image.new("P", (40, 30)), "PNG"),
    ]
    for _n in range(1500):
        content = bytearray(chance.choice(seeds))
        for _m in range(chance.randint(1, 5)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            check(bytes(content))
            outcomes["taken"] += 1
        except InvalidInput:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 50
