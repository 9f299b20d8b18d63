"""Is all here that running needs? `python -m tests.runtime`, in an environment made from requirements.lock alone.

Three questions, each answered by name: does every requirement of pyproject.toml, and of what it brings, stand in the
lock and in this environment; is nothing else here; can every module be imported, those imported late included.
"""

import ast
import contextlib
import importlib
import importlib.util
import pkgutil
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
BROUGHT_ALONG = frozenset({"confero", "pip"})
"""What an environment holds besides the lock: the project itself, and pip where it was made without uv."""

LIBRARIES = (
    "asyncpg.protocol.protocol",
    "email_validator",  # pydantic, for e-mail addresses
    "pyhanko.sign.timestamps.requests_client",
    "pyhanko_certvalidator.fetchers.aiohttp_fetchers",
    "pyld.documentloader.frozen",
    "tortoise.backends.asyncpg.client",  # Tortoise, by the database's URL
    "tzdata.zoneinfo",  # zoneinfo, where the system has no time zones
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
)
"""What libraries import by themselves, and only in use."""


@dataclass(frozen=True)
class Missing:
    """A module that cannot be imported, and who imports it."""

    module: str
    asked_by: str
    reason: str

    def __str__(self) -> str:
        return f"{self.asked_by} cannot import {self.module}: {self.reason}"


def requirements() -> list[str]:
    """What pyproject.toml asks for at run time, and to install the project itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["build"]]


def names_of(lock: Path) -> set[str]:
    """The distributions that a lock file pins, by normalised name (PEP 503)."""
    return set(re.findall(r"^([a-z0-9-]+)==", lock.read_text(), re.MULTILINE))


def installed() -> set[str]:
    """The distributions of this environment, by normalised name."""
    return {_normalised(one.metadata["Name"]) for one in distributions()}


def wanted(asked: Iterable[str], requires: Callable[[str], list[str]] | None = None) -> dict[str, str]:
    """Every distribution that `asked` needs on this machine, directly or not, and who asks for it.

    `requires` gives the requirements of a distribution; of the installed ones where it is not given.
    """
    importlib.import_module("setuptools")  # It brings `packaging` along, which the lock does not name.
    from packaging.requirements import Requirement

    found: dict[str, str] = {}
    queue = [(text, "", "pyproject.toml") for text in asked]
    seen = set(queue)
    while queue:
        text, extra, by = queue.pop()
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = _normalised(requirement.name)
        found.setdefault(name, by)
        for chosen in ("", *requirement.extras):
            further = {(one, chosen, name) for one in (requires or _requires)(name)} - seen
            queue.extend(further)
            seen |= further
    return found


def shipped_packages() -> list[str]:
    """The packages of the house, in the order of pyproject.toml."""
    packages: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
    return packages


def modules_of(packages: Iterable[str]) -> Iterator[str]:
    """Every module of these packages, by its full name."""
    for package in packages:
        yield package
        for found in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            yield found.name


def imports_of(module: str) -> Iterator[str]:
    """What a module imports anywhere in its text, in functions too; not what only a type checker reads."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return
    waiting: list[ast.AST] = [ast.parse(Path(spec.origin).read_text())]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting += node.orelse
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from (f"{node.module}:{alias.name}" for alias in node.names)


def missing_imports(packages: Iterable[str], libraries: Iterable[str] = LIBRARIES) -> list[Missing]:
    """Import every module of `packages` and whatever they import late; what fails, each once."""
    asked = dict.fromkeys(libraries, "a library of ours, in use,")
    for module in modules_of(packages):
        asked.setdefault(module, "Confero")
        for name in imports_of(module):
            asked.setdefault(name, module)
    failures = ((name, by, _failure(name)) for name, by in asked.items())
    return [Missing(name.replace(":", "."), by, reason) for name, by, reason in failures if reason]


def told(missing: Iterable[Missing]) -> list[str]:
    """One line for each reason, since one missing package breaks whatever imports what imports it."""
    by_reason: dict[str, list[Missing]] = {}
    for one in missing:
        by_reason.setdefault(one.reason, []).append(one)
    return [f"{several[-1]}" + (f" ({len(several)} in all)" if several[1:] else "") for several in by_reason.values()]


def _failure(name: str) -> str:
    module, _, attribute = name.partition(":")
    try:
        found = importlib.import_module(module)
        if attribute and attribute != "*" and not hasattr(found, attribute):
            importlib.import_module(f"{module}.{attribute}")
    except Exception as failure:  # whatever a module does at import
        return f"{type(failure).__name__}: {failure}"
    return ""


def _requires(name: str) -> list[str]:
    with contextlib.suppress(PackageNotFoundError):
        return distribution(name).requires or []
    return []


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> int:
    """Print what is missing, one line each; 0 where nothing is."""
    locked, here = names_of(LOCK), installed()  # Before setuptools shows what it brings along.
    lines = [
        f"{by} asks for {name}, which {'this environment' if name in locked else 'requirements.lock'} does not have"
        for name, by in wanted(requirements()).items()
        if name not in locked or name not in here
    ]
    lines += [f"{name} is installed, and requirements.lock does not name it" for name in here - locked - BROUGHT_ALONG]
    lines.sort()
    lines += told(missing_imports(shipped_packages()))
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
