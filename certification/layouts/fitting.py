"""Text that fits its place: smaller, then on more lines, then smaller still; by what the glyphs really cover."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.typesetting import Fitted, Line, Style, fit

_BASELINE = 0.3  # of the size, below the middle of a line


@dataclass(frozen=True, slots=True)
class Block:
    """Fitted lines, and for each the distance from the block's top to its baseline, in sizes; height in sizes."""

    lines: tuple[Line, ...]
    size: float
    baselines: tuple[float, ...]
    extent: float

    @property
    def height(self) -> float:
        """Height in points."""
        return self.extent * self.size

    def scaled(self, by: float) -> "Block":
        """The same lines in another size."""
        return replace(self, size=self.size * by)


def block(fitted: Fitted, leading: float, width: float) -> Block:
    """Stack lines at `leading`, further apart where glyphs reach beyond it; smaller where they reach over `width`."""
    extent = 0.0
    baselines = []
    widest = 0.0
    for line in fitted.lines:
        left, bottom, right, top = line.ink
        baselines.append(extent + max(leading / 2 + _BASELINE, top / 1000))
        extent = baselines[-1] + max(leading / 2 - _BASELINE, -bottom / 1000)
        widest = max(widest, max(right, line.advance) - left)
    return Block(fitted.lines, min(fitted.size, width * 1000 / max(widest, 1)), tuple(baselines), extent)


def fit_box(
    text: str,
    style: Style,
    size: float,
    min_size: float,
    max_lines: int,
    leading: float,
    width: float,
    height: float | None = None,
) -> Block:
    """The largest setting of `text` within `width` and, where it is given, `height` points. Raises `UnsettableText`."""
    best = block(fit(text, style, size, min_size, width, max_lines), leading, width)
    if height is None or best.height <= height:
        return best
    best = best.scaled(height / best.height)
    for lines in range(max_lines - 1, 0, -1):
        other = block(fit(text, style, size, size if lines > 1 else min_size, width, lines), leading, width)
        if other.height > height:
            other = other.scaled(height / other.height)
        if other.size > best.size:
            best = other
    return best


def fitted_together(blocks: Sequence[Block], gaps: Sequence[float], height: float) -> float:
    """By how much blocks and the gaps between them must shrink to be no higher than `height`; 1 where they need not."""
    needed = sum(each.height for each in blocks) + sum(gaps)
    return min(1.0, height / needed) if needed else 1.0
