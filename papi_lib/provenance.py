"""Where a page comes from: the sources to cite and the version of data and code."""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path

from papi_lib import __version__, datafiles


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return the library's version with the commit it runs from, and ``.dirty`` where files differ from it."""
    root = Path(__file__).resolve().parents[1]
    if not (root / ".git").exists():
        return __version__
    git = ["git", "-C", str(root), "describe", "--always", "--dirty=.dirty", "--match", "", "--abbrev=10"]
    try:
        found = subprocess.run(git, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return __version__
    return f"{__version__}+g{found}"


def source(lang: str = "en") -> str:
    """Return the citation of the published scores in a language."""
    return datafiles.package()["sources"][0]["title_vi" if lang == "vi" else "title"]


def link() -> str:
    """Return the address of the programme's own pages."""
    return datafiles.package()["sources"][0]["path"]


def data_version() -> str:
    """Return the data package's version."""
    return datafiles.package()["version"]
