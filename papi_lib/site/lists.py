"""The site's first pages: where all places stand, by year and by notebook, what failed, and search."""

from __future__ import annotations

import json
import posixpath
from collections import defaultdict
from datetime import datetime
from pathlib import Path

from papi_lib.site.files import HERE, inside, link, templates, write
from papi_lib.site.pages import render_page
from papi_lib.wording import LANGUAGES, Words

FEW = 5  # so many places' findings fit on the first page
MAP = 20  # so many places make a map


def build(out: Path) -> Path:
    """Make the run's lists of places, pages of what failed, search index, stylesheet and script.

    Parameters
    ----------
    out : pathlib.Path
        The run folder, with its ``manifest.json``.

    Returns
    -------
    pathlib.Path
        The page to open: the latest year in the run's first language.
    """
    run = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    site, jobs = out / "site", run["jobs"]
    for asset in (HERE / "assets").iterdir():
        write(site / "assets" / asset.name, asset.read_bytes())
    for job in jobs:
        if job["status"] == "failed":
            kept = out / "notebooks" / f"{job['path']}.failed.ipynb"
            page = render_page(kept.read_bytes() if kept.exists() else b"", job, {"plan": jobs})
            write(inside(site, f"{job['path']}.html"), page)
    lists = defaultdict(list)
    for job in jobs:
        lists[job["labels"]["year"], job["labels"]["lang"]].append(job)
    for (year, lang), own in lists.items():
        folder = f"{year}/{lang}"
        for stem in dict.fromkeys(job["labels"]["notebook"] for job in own):
            write(inside(site, f"{folder}/{stem}.html"), _list(f"{folder}/{stem}", run, lists, year, lang, stem))
        write(site / folder / "index.html", _list(f"{folder}/index", run, lists, year, lang))
    for lang in {lang for _, lang in lists}:
        write(site / "assets" / f"search.{lang}.js", _search_index(jobs, lang))
    lang = next(code for code in LANGUAGES if any(code == lang for _, lang in lists))
    year = max(year for year, code in lists if code == lang)
    write(site / "index.html", _list("index", run, lists, year, lang))
    return site / "index.html"


def _list(path: str, run: dict, lists: dict, year: int, lang: str, stem: str | None = None) -> bytes:
    """Return the page that lists a year's places: by one notebook, or the whole with all notebooks."""
    w, jobs = Words(lang), lists[year, lang]
    titles = dict(sorted({job["labels"]["notebook"]: job["labels"]["title"] for job in jobs}.items()))
    main = stem or next((n for n in titles if any(_whole(job) for job in jobs if job["labels"]["notebook"] == n)), None)
    rows = _rows(path, jobs, main, w)
    text = templates().get_template("list.html.j2").render(
        w=w,
        lang=lang,
        path=path,
        root="../" * path.count("/"),
        year=year,
        stem=stem,
        title=w("{subject}, {year}", subject=titles[stem], year=year) if stem else w("Where do we stand? PAPI {year}", year=year),
        rows=rows,
        others={} if stem else {n: t for n, t in titles.items() if n != main},
        titles=titles,
        scored=any(row["score"] is not None for row in rows),
        since=next((row["change"]["since"] for row in rows if row["change"]), None),
        tiles=sum(bool(row["tile"]) for row in rows) >= MAP,
        islands=_islands([row["tile"] for row in rows if row["tile"]]),
        few=len(rows) <= FEW and not stem,
        gaps=dict.fromkeys(sentence for row in rows for sentence in row["missing"]),
        failures=[(link(path, job["path"], ".html"), job) for job in jobs if job["status"] == "failed" and stem in (None, job["labels"]["notebook"])],
        here=link(path, f"{year}/{lang}/index.html"),
        lists={n: link(path, f"{year}/{lang}/{n}.html") for n in titles},
        years=[(y, link(path, f"{y}/{lang}/index.html")) for y, code in sorted(lists, reverse=True) if code == lang],
        languages=[(code, link(path, f"{year}/{code}/{stem or 'index'}.html")) for code in LANGUAGES if (year, code) in lists],
        facts=defaultdict(str, next((job["facts"] for job in jobs if job.get("facts")), {})),
        simulated=any(job.get("facts", {}).get("simulated") for job in jobs),
        made=w.date(datetime.fromisoformat(run["finished"])),
    )  # fmt: skip
    return text.encode()


def _whole(job: dict) -> bool:
    """Tell whether a job is about the whole index, not one dimension."""
    return job.get("facts", {}).get("dimension", 0) is None


def _rows(path: str, jobs: list[dict], main: str | None, w: Words) -> list[dict]:
    """Return a row a place, in the plan's order: what its main notebook tells, and its other pages."""
    rows: dict[str, dict] = {}
    for job in jobs:
        labels, facts, href = job["labels"], job.get("facts") or {}, link(path, job["path"], ".html")
        row = rows.setdefault(
            posixpath.dirname(job["path"]),
            {"name": labels["name"], "tile": labels.get("tile"), "href": href, "pages": {}, "findings": [], "missing": []}
            | dict.fromkeys(("score", "group", "rank", "rank_lower", "rank_upper", "change")),
        )  # fmt: skip
        row["pages"][labels["notebook"]] = (href, job["status"] == "failed", _whole(job), facts.get("group"))
        if labels["notebook"] == main:
            row |= {key: facts.get(key, value) for key, value in row.items() if key in _TOLD} | {"href": href}
    for row in rows.values():
        row["score_text"] = w.number(row["score"])
        if row["change"]:
            row["change_text"] = f"{w.signed(row['change']['points'])} (±{w.number(row['change']['noise'])})"
    return list(rows.values())


def _islands(tiles: list[dict]) -> list[tuple[str, int, int]]:
    """Return the islands that places administer, with a free spot on the map beside the place or under it."""
    taken = {(tile["row"], tile["column"]) for tile in tiles}
    spots = []
    for tile in (tile for tile in tiles if tile["islands"]):
        beside, under = (tile["row"], tile["column"] + 1), (tile["row"] + 1, tile["column"])
        spots.append((tile["islands"], *(under if beside in taken else beside)))
    return spots


_TOLD = ("score", "group", "rank", "rank_lower", "rank_upper", "change", "findings", "missing")


def _search_index(jobs: list[dict], lang: str) -> bytes:
    """Return the search index of a language as a script, which a page opened from a folder may load."""
    rows = [
        [f"{job['path']}.html", labels["name"], labels["title"], labels["year"], job.get("facts", {}).get("findings", [])]
        for job in jobs
        if (labels := job["labels"])["lang"] == lang
    ]  # fmt: skip
    return f"papiSearch({json.dumps(rows, ensure_ascii=False, separators=(',', ':'))});\n".encode()
