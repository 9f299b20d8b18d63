import pytest

from accounts import accent
from core.errors import InvalidInput


def test_contrast_of_published_pairs() -> None:
    # WCAG 2.2: black on white is 21:1; #767676 is the lightest grey with 4.5:1 on white (Understanding 1.4.3).
    assert accent.contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert accent.contrast("#ffffff", "#767676") == pytest.approx(4.54, abs=0.005)
    assert accent.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_a_faint_accent_is_refused_with_its_ratio() -> None:
    with pytest.raises(InvalidInput) as refusal:
        accent.check("#ffcc00")
    assert list(refusal.value.fields) == ["accent"]
    assert "1.3:1" in refusal.value.fields["accent"]


@pytest.mark.parametrize("colour", ["#0f5f5c", "#0b5a61", "#000000", "#8a1c1c", "#4b2a91"])
def test_a_dark_accent_is_taken_and_gets_a_tint_for_the_dark_scheme(colour: str) -> None:
    accent.check(colour)
    tint = accent.for_dark(colour)
    assert min(accent.contrast(tint, ground) for ground in ("#11161b", "#192027", "#0c1014")) >= 4.5
    assert accent.contrast(accent.on(tint), tint) >= 4.5
    assert accent.contrast(accent.on(colour), colour) >= 4.5


def test_the_style_sheet_names_both_schemes() -> None:
    assert accent.style_sheet("#000000").startswith(":root{--accent:#000000;--on-accent:#ffffff}\n@media(prefers-color")
