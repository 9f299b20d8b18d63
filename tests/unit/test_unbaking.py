"""Taking badges out of drawings that strangers send: read once, piece by piece, and no further than needed."""

import tracemalloc

import pytest

from certification.badges import baking
from certification.badges.baking import LARGEST, NotBaked, unbake

NS = 'xmlns:o="https://purl.imsglobal.org/ob/v3p0"'


def test_the_badge_is_taken_from_its_element_or_its_attribute() -> None:
    assert unbake(f"<svg {NS}><g/><o:credential>{{&quot;a&quot;: 1}}</o:credential></svg>".encode()) == '{"a": 1}'
    assert unbake(f"<svg {NS}><o:credential><![CDATA[ {{}} ]]></o:credential></svg>".encode()) == "{}"
    assert unbake(f'<svg {NS}><o:credential verify="ey.J.x"/></svg>'.encode()) == "ey.J.x"
    assert unbake(f"<svg {NS}><o:credential/><o:credential>second</o:credential></svg>".encode()) == "second"


def test_what_follows_the_badge_is_not_read() -> None:
    assert unbake(f"<svg {NS}><o:credential>found</o:credential>{' ' * 100_000}<never closed".encode()) == "found"


def test_four_megabytes_of_elements_are_given_up_without_keeping_them() -> None:
    content = b"<svg>" + b"<a/>" * 1_000_000 + b"</svg>"
    tracemalloc.start()
    with pytest.raises(NotBaked, match="too many elements"):
        unbake(content)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


@pytest.mark.parametrize(
    "content",
    [
        '<!DOCTYPE s [<!ENTITY a "aaaa">]><svg>&a;</svg>',
        '<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
        '<!DOCTYPE s [<!ENTITY % p SYSTEM "http://localhost/x">%p;]><svg/>',
    ],
)
def test_entities_are_refused(content: str) -> None:
    with pytest.raises(NotBaked):
        unbake(content.encode())


def test_a_document_type_without_entities_is_usual() -> None:
    doctype = '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">'
    assert unbake(f"{doctype}<svg {NS}><o:credential>found</o:credential></svg>".encode()) == "found"


@pytest.mark.parametrize("depth", [1000, 200_000])
def test_depth_is_no_matter(depth: int) -> None:
    with pytest.raises(NotBaked):
        unbake(b"<g>" * depth)


def test_a_badge_is_no_larger_than_any() -> None:
    with pytest.raises(NotBaked):
        unbake(f"<svg {NS}><o:credential>{'x' * (LARGEST + 1)}</o:credential></svg>".encode())
    with pytest.raises(NotBaked):
        unbake(f'<svg {NS}><o:credential verify="{"x" * (LARGEST + 1)}"/></svg>'.encode())


def test_the_namespace_is_that_of_what_is_baked_here() -> None:
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
    assert unbake(baking.bake_svg(drawing, '{"a": 1}')) == '{"a": 1}'
