"""The run's pages as one small script, from which every page builds its way to other pages.

A page itself knows no other page: it stays as it is when the run folder grows, and what it leads to is
never older than the last run.
"""

from __future__ import annotations

import json

from papi_lib.site.files import of_places, split_path


def nav_script(jobs: list[dict]) -> bytes:
    """Return the script ``nav.js``, which a page opened from a folder may load.

    Parameters
    ----------
    jobs : list of dict
        The run's records, of which ``path`` and ``labels`` are read.

    Returns
    -------
    bytes
        ``papiNav(…)`` with ``notebooks`` (name and titles by language), ``places`` (folder and names by
        language; a district's folder lies in its province's) and ``pages``: by ``YEAR/LANG`` and place, in
        hexadecimal, which of the notebooks there are, the first one the lowest bit.
    """
    titles: dict[str, dict] = {}
    names: dict[str, dict] = {}
    there: dict[str, dict] = {}
    for job in of_places(jobs):
        folder, place, stem = split_path(job["path"])
        lang = job["labels"]["lang"]
        titles.setdefault(stem, {})[lang] = job["labels"]["title"]
        names.setdefault(place, {})[lang] = job["labels"]["name"]
        there.setdefault(folder, {}).setdefault(place, set()).add(stem)
    stems = sorted(titles)
    content = {
        "notebooks": [[stem, titles[stem]] for stem in stems],
        "places": [[place, own] for place, own in names.items()],
        "pages": {
            folder: [_bits(own.get(place, set()), stems) for place in names] for folder, own in sorted(there.items())
        },
    }
    return f"papiNav({json.dumps(content, ensure_ascii=False, separators=(',', ':'))});\n".encode()


def _bits(present: set[str], stems: list[str]) -> str:
    return format(sum(1 << i for i, stem in enumerate(stems) if stem in present), "x")
