"""The summary for a province's leaders, two pages to print, from what its executed pages tell: facts, findings, pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from papi_lib.page.words import Words
from papi_lib.site.files import as_page, link, of_notebook, of_places, own_style, split_path, templates

#: So many dimensions of the upper two groups are told as strengths, and of the lower two as weaknesses.
ENDS = 2


def briefs(out: Path, run: dict) -> Iterator[tuple[str, bytes]]:
    """Yield the summary of each province, year and language of a run whose total is known, by name."""
    jobs = [job for job in of_places(run["jobs"]) if job["status"] != "failed" and "parent" not in job["labels"]]
    for (folder, place), own in groupby(jobs, key=lambda job: split_path(job["path"])[:2]):
        pages = list(own)
        whole = [job for job in pages if job["facts"].get("dimension", 0) is None]
        if whole and whole[0]["facts"].get("rank"):
            yield f"{folder}/{place}/brief.html", _brief(out, f"{folder}/{place}/brief", pages, whole)


def _brief(out: Path, path: str, pages: list[dict], whole: list[dict]) -> bytes:
    main, labels = whole[0], whole[0]["labels"]
    w, facts = Words(labels["lang"]), main["facts"]
    order = by_rank(pages)
    dimensions = [job for job in pages if job in order]
    strong = [job for job in order if job["facts"]["group"] <= 2][:ENDS]
    weak = [job for job in order[::-1] if job["facts"]["group"] > 2][:ENDS]
    styles, drawings = pictures(out / "site" / f"{main['path']}.html")
    text = templates().get_template("brief.html.j2").render(
        w=w, lang=w.lang, labels=labels, facts=facts, styles=styles, drawings=drawings[:2], dimensions=dimensions,
        sections=[(title, own) for title, own in ((w("Strengths"), strong), (w("Weaknesses"), weak)) if own], target=whole[1:2], place=labels["name"],
        title=w("Summary for leaders: {place}, {year}", place=labels["name"], year=labels["year"]),
        hrefs={job["path"]: link(path, job["path"], ".html") for job in pages}, **of_notebook(main, b"", w),
    )  # fmt: skip
    return as_page(text, [main])


def by_rank(jobs: list[dict]) -> list[dict]:
    """Return the jobs about dimensions that have a rank, the best first."""
    known = [job for job in jobs if job["facts"].get("dimension") and job["facts"].get("rank")]
    return sorted(known, key=lambda job: job["facts"]["rank"])


def pictures(page: Path) -> tuple[dict[str, str], list[str]]:
    """Return a page's own style rules by class, and its drawings."""
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    return dict(re.findall(r"\.(\w+)\{([^{}]*)\}", own_style(text))), re.findall(
        r'<figure class="picture"><div>(.*?)</div>', text, flags=re.S
    )
