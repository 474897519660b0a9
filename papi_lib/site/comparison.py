"""What scripts of the site read: figures of places to put side by side, and what the search finds."""

from __future__ import annotations

import json
from collections.abc import Sequence

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
    stems = dict(sorted({job["labels"]["notebook"]: job["labels"]["title"] for job in jobs}.items()))
    columns, latest = list(stems), max((job["labels"]["year"] for job in jobs), default=None)
    places: dict[str, list] = {}
    bits: dict[int, dict[str, int]] = {}
    findings = []
    for job in jobs:
        labels, facts, place = job["labels"], job.get("facts") or {}, split_path(job["path"])[1]
        own = places.setdefault(place, [place, full_name(labels), " ".join(labels.get("aliases", [])), 0])
        own[3] |= int(bool(facts.get("simulated")))
        year, at = bits.setdefault(labels["year"], {}), columns.index(labels["notebook"])
        year[place] = year.get(place, 0) | 1 << at
        if labels["year"] == latest and facts.get("findings") and not facts.get("simulated"):
            findings.append([list(places).index(place), at, facts["findings"]])
    content = {
        "lang": jobs[0]["labels"]["lang"] if jobs else None, "texts": texts, "notebooks": list(stems.items()), "places": list(places.values()),
        "pages": [[year, [format(of.get(place, 0), "x") for place in places]] for year, of in sorted(bits.items(), reverse=True)],
        "findings": findings,
    }  # fmt: skip
    return _script("papiSearch", content)


def _script(function: str, content: dict) -> bytes:
    return f"{function}({json.dumps(content, ensure_ascii=False, separators=(',', ':'))});\n".encode()
