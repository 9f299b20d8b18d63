"""Files and folders that only their owner reads: database, file store, keys, backups, logs."""

import os
import stat
from pathlib import Path

_OTHERS = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
"""What others lose. They may still pass through a folder, as PostgreSQL's own account must where root starts it."""


def be_private() -> None:
    """From now on this process and its children make files that their owner alone can reach (umask 077)."""
    os.umask(0o077)


def private_folder(folder: Path) -> Path:
    """Make the folder, or take from others what they could read and write in one that is ours already."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid == os.getuid() and found.st_mode & _OTHERS:
        folder.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
    return folder
