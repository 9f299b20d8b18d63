"""Cuts static fonts for PDFs from the variable fonts of installed packages: `python -m core.fonts [folder]`.

A PDF cannot hold a variable font, and reportlab would set its thinnest weight. HarfBuzz's subsetter pins the axes and
keeps every glyph; it takes a hundredth of the time that fontTools' instancer takes for the Chinese fonts.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum
from importlib.metadata import version
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import uharfbuzz
from fontTools.ttLib import TTFont

_RECIPE = 1  # Raise it when this module cuts differently, so that older files are replaced.
_MANIFEST = "manifest.json"
_UNUSED_TABLES = ("STAT", "gasp", "vhea", "vmtx", "VORG", "BASE", "DSIG", "meta")
_KEPT_NAMES = frozenset({0, 1, 2, 3, 4, 5, 6, 13, 14})
_ABANDONED_AFTER = 600  # seconds; a cut takes two


class Weight(IntEnum):
    """A weight as OpenType numbers it (OS/2 usWeightClass)."""

    LIGHT = 300
    REGULAR = 400
    BOLD = 700


class Typeface(Enum):
    """How Latin, Greek and Cyrillic letters are drawn. Every other script has one family, whatever the typeface."""

    SANS = "sans"
    SERIF = "serif"


_ALL = (Weight.LIGHT, Weight.REGULAR, Weight.BOLD)
_NO_LIGHT = (Weight.REGULAR, Weight.BOLD)  # A third Chinese, Japanese and Korean weight would cost 36 MB of disk.


@dataclass(frozen=True)
class Family:
    """One variable font of an installed package, and the weights cut from it."""

    name: str
    package: str
    path: str
    weights: tuple[Weight, ...] = _ALL

    @property
    def postscript(self) -> str:
        """The family name without spaces, as in file and PostScript names."""
        return self.name.replace(" ", "")

    def filename(self, weight: Weight) -> str:
        """Name of the file that holds the instance of this weight."""
        return f"{self.postscript}-{weight.name.title()}.ttf"

    def source(self) -> Path:
        """The variable font as installed."""
        return Path(str(files(self.package.replace("-", "_")))) / self.path


def _family(script: str, package: str, weights: tuple[Weight, ...] = _ALL, axes: str = "wdth,wght") -> Family:
    folder = f"notosans{script.lower()}"
    return Family(f"Noto Sans {script}", package, f"fonts/ofl/{folder}/NotoSans{script}[{axes}].ttf", weights)


LATIN = {
    Typeface.SANS: Family("Noto Sans", "fontpkg-noto-sans", "files/NotoSans[wdth,wght].ttf"),
    Typeface.SERIF: Family("Noto Serif", "fontpkg-noto-serif", "files/NotoSerif[wdth,wght].ttf"),
}
"""The family of each typeface: Latin with Greek and Cyrillic."""

FAMILIES = (
    LATIN[Typeface.SANS],
    *(_family(script, "justmytype-intl-rtl") for script in ("Arabic", "Hebrew")),
    *(_family(script, "justmytype-intl-south-asia") for script in ("Devanagari", "Bengali", "Tamil", "Telugu")),
    *(_family(script, "justmytype-intl-sea") for script in ("Thai", "Lao", "Khmer", "Myanmar")),
    *(_family(script, "justmytype-intl-cjk", _NO_LIGHT, "wght") for script in ("JP", "KR", "SC", "TC")),
    LATIN[Typeface.SERIF],
)
"""In the order in which they are asked for a character that no script range assigns.

The serif comes last: it has no letter that the sans lacks, so only a text in its typeface is set in it.
"""


def ensure(folder: Path) -> Path:
    """Cut whatever `folder` lacks, and return it.

    Takes milliseconds when everything is there. Files appear whole or not at all and the manifest comes last, so a
    run that was killed is completed by the next one, and two runs at once do the same work twice without harm.
    Raises `importlib.metadata.PackageNotFoundError` where a font package is not installed, OSError where the folder
    cannot be written.
    """
    recipe = {"recipe": _RECIPE, "packages": {package: version(package) for package in _packages()}}
    known = _manifest(folder)
    if known is not None and {key: known.get(key) for key in recipe} == recipe and _is_complete(folder, known):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(folder)
    sizes = {}
    for family in FAMILIES:
        for weight, content in _instances(family):
            sizes[family.filename(weight)] = len(content)
            _write(folder / family.filename(weight), content)
    _write(folder / _MANIFEST, json.dumps({**recipe, "files": sizes}, indent=1, sort_keys=True).encode())
    return folder


def _packages() -> list[str]:
    return sorted({family.package for family in FAMILIES} | {"uharfbuzz", "fonttools"})


def _manifest(folder: Path) -> dict[str, Any] | None:
    try:
        content = json.loads((folder / _MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _is_complete(folder: Path, manifest: dict[str, Any]) -> bool:
    sizes: dict[str, int] = manifest.get("files", {})
    wanted = {family.filename(weight) for family in FAMILIES for weight in family.weights}
    try:
        return wanted == set(sizes) and all((folder / name).stat().st_size == size for name, size in sizes.items())
    except OSError:
        return False


def _remove_abandoned(folder: Path) -> None:
    """Delete the temporary files of killed runs; younger ones may belong to a run beside this one."""
    for part in folder.glob(".*.part"):
        try:
            if time.time() - part.stat().st_mtime > _ABANDONED_AFTER:
                part.unlink()
        except FileNotFoundError:
            continue


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)


def _instances(family: Family) -> Iterator[tuple[Weight, bytes]]:
    face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(family.source())))
    axes = {axis.tag for axis in face.axis_infos}
    for weight in family.weights:
        plan = uharfbuzz.SubsetInput()
        plan.keep_everything()
        plan.flags = plan.flags | uharfbuzz.SubsetFlags.NO_HINTING  # Hints are for screens and fill every PDF.
        plan.pin_axis_location(face, "wght", float(weight))
        if "wdth" in axes:
            plan.pin_axis_location(face, "wdth", 100.0)
        yield weight, _named(uharfbuzz.subset(face, plan).blob.data, family, weight)


def _named(content: bytes, family: Family, weight: Weight) -> bytes:
    """Give an instance its own names and weight class, and drop the tables that no PDF needs.

    Names follow the OpenType specification, table `name`, ids 1, 2, 3, 4 and 6.
    """
    font = TTFont(BytesIO(content), lazy=True, recalcTimestamp=False, recalcBBoxes=False)
    for tag in _UNUSED_TABLES:
        if tag in font:
            del font[tag]
    style, postscript = weight.name.title(), family.filename(weight).removesuffix(".ttf")
    names = {1: family.name, 2: style, 3: postscript, 4: f"{family.name} {style}", 6: postscript}
    if weight is Weight.LIGHT:  # Id 2 knows four styles only; any other weight belongs to the family name.
        names |= {1: f"{family.name} {style}", 2: "Regular"}
    table = font["name"]
    table.names = [name for name in table.names if name.nameID in _KEPT_NAMES]
    for identifier, text in names.items():
        table.removeNames(nameID=identifier)
        table.setName(text, identifier, 3, 1, 0x409)
    is_bold = weight is Weight.BOLD
    font["OS/2"].usWeightClass = int(weight)
    font["OS/2"].fsSelection = font["OS/2"].fsSelection & ~0b1100000 | (0b100000 if is_bold else 0b1000000)
    font["head"].macStyle = int(is_bold)
    out = BytesIO()
    font.save(out, reorderTables=None)
    return out.getvalue()


def fonts_folder() -> Path:
    """The folder of the running installation: `CONFERO_FONTS_DIR`, else `fonts` under `CONFERO_VAR_DIR`."""
    from core.settings import get_settings  # At set-up a folder can be named without any valid settings.

    return get_settings().fonts_path


if __name__ == "__main__":
    started = time.perf_counter()
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else fonts_folder()
    ensure(target)
    if time.perf_counter() - started > 0.5:
        print(f"Cut the fonts for PDFs into {target}.")
