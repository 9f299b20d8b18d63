"""The account that PostgreSQL runs under where everything else runs as root, as in a container."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

_NAME = "confero-postgres"


class Account(NamedTuple):
    """A system account by number."""

    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """The account for a server that refuses to be root; None where this process is not root anyway.

    Side effect: creates the system account `confero-postgres` if the machine has `useradd`; else takes `nobody`.
    """
    if os.geteuid() != 0:
        return None
    entry = _lookup(_NAME)
    if entry is None and (useradd := shutil.which("useradd")):
        # Two first starts at once: the later one fails here and finds the account below.
        subprocess.run([useradd, "--system", "--no-create-home", "--user-group", _NAME], capture_output=True)  # noqa: S603
        entry = _lookup(_NAME)
    entry = entry or pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def let_pass(folder: Path, *, contents: bool = False) -> None:
    """Let other accounts walk through the parents of `folder` (not list them), and read its `contents` if wanted.

    Side effect: adds the missing permission bits and says so on standard error, since one may be a home folder.
    """
    for place in (folder.resolve(), *folder.resolve().parents):
        mode = place.stat().st_mode
        if not mode & stat.S_IXOTH:
            print(f"Letting PostgreSQL's account pass through {place} (chmod o+x).", file=sys.stderr)  # noqa: T201
            place.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
    if contents:
        _let_read(folder)


def _let_read(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        wanted = mode | stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        if wanted != mode:
            path.chmod(wanted)


def _lookup(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
