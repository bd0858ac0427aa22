"""The files that a gate reads."""

import subprocess
from pathlib import Path

SOURCES = (".cc", ".h")


def our_files(root, suffixes=SOURCES):
    """Files git would track, so that builds and caches are never read; all files where there is no git."""
    listing = subprocess.run(["git", "-C", root, "ls-files", "--cached", "--others", "--exclude-standard"],
                             capture_output=True, text=True)
    if listing.returncode == 0:
        names = listing.stdout.splitlines()
    else:
        names = [str(path.relative_to(root)) for path in Path(root).rglob("*") if path.is_file()]
    return sorted(name for name in names if name.endswith(suffixes) and (Path(root) / name).is_file())


def read(root, name):
    return (Path(root) / name).read_text(encoding="utf-8")


def read_if_there(root, name):
    return read(root, name) if (Path(root) / name).is_file() else ""
