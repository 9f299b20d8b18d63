"""The build of the browser libraries and the addresses of static files."""

import hashlib
import json
import re

import pytest

from api import assets, vendor


def test_asset_address_carries_the_hash_of_the_bytes() -> None:
    digest = hashlib.sha256((assets.STATIC / "img" / "mark.svg").read_bytes()).hexdigest()
    assert assets.asset_url("img/mark.svg") == f"/static/img/mark.svg?v={digest[:12]}"


def test_missing_asset_is_refused_with_what_to_do() -> None:
    with pytest.raises(assets.AssetMissing, match=r"run `python -m api\.vendor`"):
        assets.asset_url("vendor/no-such-file.css")


def test_bootstrap_becomes_logical() -> None:
    sheet = ".a{margin-left:1px;padding-right:2px;text-align:left}.b{left:0;border-top-left-radius:3px;float:right}"
    assert vendor._logical(sheet) == (
        ".a{margin-inline-start:1px;padding-inline-end:2px;text-align:start}"
        ".b{inset-inline-start:0;border-start-start-radius:3px;float:inline-end}"
    )


def test_own_sheets_use_logical_properties_only() -> None:
    physical = ("margin-left", "margin-right", "padding-left", "padding-right", "border-left", "border-right")
    for sheet in (vendor.STATIC / "css").glob("*.css"):
        text = sheet.read_text()
        assert [name for name in physical if name in text] == [], sheet.name


def test_every_sheet_is_built() -> None:
    assert {path.stem for path in (vendor.STATIC / "css").glob("*.css")} == set(vendor.STYLES)


def test_every_icon_of_a_template_is_built() -> None:
    shipped = set(json.loads((vendor.MODULES / "bootstrap-icons" / "font" / "bootstrap-icons.json").read_text()))
    templates = (path.read_text() for path in (vendor.ROOT / "templates").rglob("*.html"))
    # Buttons and empty states take the icon's name as their last argument.
    calls = re.compile(r'ui\.(?:button|empty|icon)\(.*"([a-z0-9-]+)"\) ?}}')
    named = {name for text in templates for name in calls.findall(text)}
    assert "linkedin" in named
    assert named & shipped - set(vendor.ICONS) == set()


def test_second_build_has_nothing_to_do() -> None:
    vendor.build()
    assert vendor.build() is False
    assert "@font-face" in (vendor.TARGET / "confero.css").read_text()


def test_lock_file_pins_every_package_and_names_no_registry() -> None:
    packages = json.loads((vendor.ROOT / "package-lock.json").read_text())["packages"]
    required = {name: entry for name, entry in packages.items() if name}
    assert all(entry["integrity"].startswith("sha512-") for entry in required.values())
    assert [name for name, entry in required.items() if "resolved" in entry] == []
