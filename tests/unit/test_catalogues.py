"""The message catalogues: complete, and true to the English messages' placeholders."""

import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import nodes

from core import catalogues, templating
from core.i18n import SUPPORTED, gettext, use_locale

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%%")


def _language(path: Path) -> str:
    return path.parent.parent.name


def test_every_language_offered_has_a_catalogue() -> None:
    assert {_language(path) for path in catalogues.catalogues()} == set(SUPPORTED) - {"en"}


@pytest.mark.parametrize("path", catalogues.catalogues(), ids=_language)
def test_catalogue_translates_every_message_and_no_other(path: Path) -> None:
    wanted = {message.id for message in catalogues.messages() if message.id}
    found = catalogues.read(path)

    translated = {message.id for message in found if message.id and _texts(message.string) and not message.fuzzy}

    assert sorted(map(str, wanted - translated)) == []
    assert sorted(map(str, translated - wanted)) == []


@pytest.mark.parametrize("path", catalogues.catalogues(), ids=_language)
def test_translations_keep_the_placeholders(path: Path) -> None:
    wrong = []
    for message in catalogues.read(path):
        english = message.id if isinstance(message.id, str) else message.id[-1]
        allowed = set(_PLACEHOLDER.findall(english))
        texts = _texts(message.string)
        for text in texts if message.id else []:
            used = set(_PLACEHOLDER.findall(text))
            is_plural = not isinstance(message.id, str)
            if used != allowed and not (is_plural and used <= allowed):  # "one day" may be written without its number
                wrong.append((message.id, text))
    assert wrong == []


def test_compiled_catalogue_is_what_gettext_reads() -> None:
    catalogues.compile_all()
    use_locale("fr")
    try:
        assert gettext("Sign in") == "Se connecter"
    finally:
        use_locale("en")


def _texts(string: Any) -> list[str]:  # Any: Babel types it loosely
    texts = [string] if isinstance(string, str) else list(string)
    return texts if all(texts) else []


def test_no_component_keeps_words_in_the_language_of_its_first_reader() -> None:
    """Jinja2 runs an imported template's top level once; only macros may translate there."""
    environment, folder = templating.environment(), templating.TEMPLATES
    imported = {
        name
        for path in folder.rglob("*.html")
        for name in re.findall(r'{% (?:import|from) "([^"]+)"', path.read_text())
    }
    assert "components/verification.html" in imported
    wrong = []
    for name in sorted(imported):
        tree = environment.parse((folder / name).read_text())
        within = {id(call) for macro in tree.find_all(nodes.Macro) for call in macro.find_all(nodes.Call)}
        wrong += [
            f"{name}:{call.lineno}"
            for call in tree.find_all(nodes.Call)
            if id(call) not in within and getattr(call.node, "name", "") in ("_", "gettext", "ngettext")
        ]
    assert wrong == []
