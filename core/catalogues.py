"""Message catalogues: `python -m core.catalogues` compiles them at set-up, `… update` takes new messages in.

A catalogue is `locales/<language>/LC_MESSAGES/confero.po`, edited by hand; the `.mo` beside it is what gettext reads
and is never committed. Messages are English sentences, found in the code and templates by Babel.
"""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

LOCALES = Path(__file__).parent / "locales"
ROOT = LOCALES.parent.parent
_METHODS = [
    *((f"{package}/**.py", "python") for package in ("core", "accounts", "events", "certification", "api")),
    ("templates/**", "jinja2"),
]
_OPTIONS = {
    "templates/**": {
        "newstyle_gettext": "true",
        "trim_blocks": "true",
        "lstrip_blocks": "true",
        "silent": "false",
        "extensions": "jinja2.ext.do",
    }
}
_SKIPPED = (".venv", "node_modules", "var", "build", "tests", "benchmarks", "docs")


def catalogues() -> list[Path]:
    """The catalogue of every language, by path."""
    return sorted(LOCALES.glob("*/LC_MESSAGES/confero.po"))


def read(catalogue: Path) -> Catalog:
    """Read one. Raises `babel.messages.pofile.PoFileError` for what is no catalogue."""
    with catalogue.open("rb") as file:
        return read_po(file, locale=catalogue.parent.parent.name, abort_invalid=True)


def compile_all() -> None:
    """Write the `.mo` of every catalogue that is newer than its own; it appears whole or not at all."""
    for source in catalogues():
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        part = target.with_suffix(".part")
        with part.open("wb") as file:
            write_mo(file, read(source))
        part.replace(target)


def messages() -> Catalog:
    """Every message of code and templates."""
    found = Catalog(project="Confero", fuzzy=False)
    extracted = extract_from_dir(
        ROOT, _METHODS, _OPTIONS, directory_filter=lambda folder: Path(folder).name not in _SKIPPED
    )
    for _file, _line, message, _comments, context in extracted:
        found.add(message, context=context)
    return found


def update_all() -> None:
    """Take new messages into every catalogue and drop those that are gone; nothing is guessed."""
    template = messages()
    for target in catalogues():
        catalogue = read(target)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.project, catalogue.version, catalogue.msgid_bugs_address = "Confero", "", ""
        catalogue.last_translator, catalogue.language_team = "", ""
        with target.open("wb") as file:
            write_po(file, catalogue, sort_output=True, ignore_obsolete=True, width=120)


if __name__ == "__main__":
    if sys.argv[1:] == ["update"]:
        update_all()
    compile_all()
