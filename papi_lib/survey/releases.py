"""Which records pages were made of: two versions that differ in a few respondents may tell what these answered.

The register holds no answer: of each respondent a keyed digest, by which equal ones are found again.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd

from papi_lib import atomic
from papi_lib.survey.disclosure import LEAST_RESPONDENTS


def register() -> Path:
    """Return where the register is: in ``PAPI_RELEASES``, so that an office may share one, or with the user's own state."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(os.environ.get("PAPI_RELEASES") or Path(state) / "papi" / "releases.json")


def note(respondents: pd.DataFrame, name: str, about: list[int]) -> Iterator[str]:
    """Register records of which pages were made; yield a line for each earlier version from which too few differ.

    Parameters
    ----------
    respondents : pandas.DataFrame
        Design and answers, a row each.
    name : str
        Name of the file.
    about : list of int
        What makes two files versions of one survey: province and year.
    """
    path = register()
    try:
        known = json.loads(path.read_bytes()) if path.exists() else {"key": secrets.token_hex(16), "releases": []}
        key, releases = bytes.fromhex(known["key"]), known["releases"]
    except (OSError, ValueError, KeyError, TypeError):
        yield f"{path}: is no register of releases; what was shown before is not known; remove it to begin anew"
        return
    rows = pd.util.hash_pandas_object(respondents, index=False).to_numpy()
    people = sorted(hashlib.blake2b(row.tobytes(), key=key, digest_size=8).hexdigest() for row in rows)
    alike = [one for one in releases if one["about"] == about]
    for one in alike:
        now, then = Counter(people), Counter(one["people"])
        if 0 < (few := max((now - then).total(), (then - now).total())) < LEAST_RESPONDENTS:
            yield f"{name}: differs by {few} respondent{'s' * (few > 1)} from {one['name']}, of which pages were made on {one['date']}; give away the pages of one of the two only, since both together may tell what these people answered"  # fmt: skip
    if any(one["people"] == people for one in alike):
        return
    releases.append({"name": name, "about": about, "date": f"{date.today()}", "people": people})
    try:
        atomic.write(path, json.dumps(known).encode(), mode=atomic.PRIVATE)
    except atomic.WriteError as error:
        yield f"{error}; the next run will not know of this one's records"
