"""What scripts of the site read: figures of places to put side by side, what the search finds, ways between pages."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from papi_lib.site.files import full_name, split_path


def figures(jobs: Sequence[dict]) -> bytes:
    """Return the published figures of a year's provinces as a script, ``papiCompare(…)``.

    Parameters
    ----------
    jobs : sequence of dict
        Records of one year and language; of each fact ``parts`` counts: name, score, rank and group of what the
        page is about, then of its parts.

    Returns
    -------
    bytes
        ``parts`` (name, and whether it is a part of the one before) and ``places`` (folder, name, and for each part
        score, rank and group, or 0).
    """
    places: dict[str, list] = {}
    order: dict[str, dict[str, int]] = {}
    for job in jobs:
        told = job.get("facts", {}).get("parts", [])
        if "parent" in job["labels"] or not told:
            continue
        folder = split_path(job["path"])[1]
        of = places.setdefault(folder, [job["labels"]["name"], {}])[1]
        of.update({name: row for name, *row in told})
        if job["facts"].get("dimension") is not None:
            order.setdefault(told[0][0], {}).update({name: 1 for name, *_ in told[1:]})
        else:
            order = {told[0][0]: {}, **{name: order.get(name, {}) for name, *_ in told[1:]}} | order
    parts = [pair for name, below in order.items() for pair in ([name, 0], *([part, 1] for part in below))]
    rows = [[folder, name, [of.get(part) or 0 for part, _ in parts]] for folder, (name, of) in places.items()]
    return _script("papiCompare", {"parts": parts, "places": rows})


def search_index(jobs: Sequence[dict], texts: list[list[str]]) -> bytes:
    """Return what the search finds as a script, ``papiSearch(…)``, small enough for thousands of pages.

    Parameters
    ----------
    jobs : sequence of dict
        Records of pages about places, of one language.
    texts : list
        Path and title of other pages.

    Returns
    -------
    bytes
        ``lang``; ``texts``; ``notebooks`` (name, title); ``places`` (folder, full name, other names, whether its
        figures are made up); ``pages`` (year, and for each place which notebooks there are, in hexadecimal, the
        first one the lowest bit); ``findings`` of the latest year's published figures (place, notebook, sentences).
    """
    stems, latest = titles(jobs), max((job["labels"]["year"] for job in jobs), default=None)
    places: dict[str, list] = {}
    findings = []
    for job in jobs:
        labels, facts, place = job["labels"], job.get("facts") or {}, split_path(job["path"])[1]
        own = places.setdefault(place, [place, full_name(labels), " ".join(labels.get("aliases", [])), 0])
        own[3] |= int(bool(facts.get("simulated")))
        if labels["year"] == latest and facts.get("findings") and not facts.get("simulated"):
            findings.append([list(places).index(place), list(stems).index(labels["notebook"]), facts["findings"]])
    content = {
        "lang": jobs[0]["labels"]["lang"] if jobs else None, "texts": texts, "notebooks": list(stems.items()), "places": list(places.values()),
        "pages": [[int(folder[:4]), there] for folder, there in reversed(_there(jobs, stems, places).items())],
        "findings": findings,
    }  # fmt: skip
    return _script("papiSearch", content)


def navigation(jobs: Sequence[dict]) -> bytes:
    """Return the way between pages as a script, ``papiNav(…)``, which a page opened from a folder may load.

    Parameters
    ----------
    jobs : sequence of dict
        Records of pages about places, of which ``path`` and ``labels`` are read.

    Returns
    -------
    bytes
        ``notebooks`` (name and titles by language), ``places`` (folder and names by language; a district's folder
        lies in its province's) and ``pages``: by ``YEAR/LANG`` and place which notebooks there are, as in
        `search_index`.
    """
    names_of: dict[str, dict] = {stem: {} for stem in titles(jobs)}
    names: dict[str, dict] = {}
    for job in jobs:
        labels = job["labels"]
        names_of[labels["notebook"]][labels["lang"]] = labels["title"]
        names.setdefault(split_path(job["path"])[1], {})[labels["lang"]] = labels["name"]
    there = _there(jobs, names_of, names)
    return _script("papiNav", {"notebooks": list(names_of.items()), "places": list(names.items()), "pages": there})


def titles(jobs: Sequence[dict]) -> dict[str, str]:
    """Return the notebooks that jobs are of, in their order, with their titles."""
    return dict(sorted({job["labels"]["notebook"]: job["labels"]["title"] for job in jobs}.items()))


def _there(jobs: Sequence[dict], stems: Iterable[str], places: Iterable[str]) -> dict[str, list[str]]:
    """Return by year and language, and place, which notebooks there are, the first one the lowest bit."""
    bit, there = {stem: 1 << n for n, stem in enumerate(stems)}, defaultdict[str, Counter[str]](Counter)
    for job in jobs:
        folder, place, stem = split_path(job["path"])
        there[folder][place] |= bit[stem]
    return {folder: [format(there[folder][place], "x") for place in places] for folder in sorted(there)}


def _script(function: str, content: dict) -> bytes:
    return f"{function}({json.dumps(content, ensure_ascii=False, separators=(',', ':'))});\n".encode()
