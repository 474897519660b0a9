"""The site's first pages, where all places stand by year, notebook and province, what failed, and what its scripts read."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from papi_lib.atomic import write
from papi_lib.batch import manifest
from papi_lib.page.colours import style_sheet
from papi_lib.page.words import LANGUAGES, Words
from papi_lib.site.booklet import briefs
from papi_lib.site.files import HERE, filled, full_name, link, of_places, read_run, split_path
from papi_lib.site.pages import render_page

#: What a row takes from its main notebook's facts; the last two are lists.
_TOLD = ("score", "noise", "sample", "among", "group", "rank", "rank_lower", "rank_upper", "change",
         "findings", "missing")  # fmt: skip
FEW = 5  # so many provinces' findings fit on the first page
MAP = 20  # so many provinces make a map


def build(out: Path) -> Path:
    """Make the run's lists of places, pages of what failed, navigation, search index, stylesheet and script.

    Parameters
    ----------
    out : pathlib.Path
        The run folder, with its ``manifest.json``.

    Returns
    -------
    pathlib.Path
        The page to open: the latest year in the run's first language.

    Raises
    ------
    ValueError
        There is no finished run, or its manifest is damaged.
    """
    read_run(out)  # where there is none, nothing is made
    with manifest.locked(out):
        site, run = out / "site", read_run(out)
        for name, content in files(out, run):
            write(site / name, content)
    return site / (name if of_places(run["jobs"]) else f"{run['jobs'][0]['path']}.html")


def files(out: Path, run: dict) -> Iterator[tuple[str, bytes]]:
    """Yield what the site has besides the pages of finished notebooks, by name; the first page last."""
    jobs, run = of_places(run["jobs"]), run | {"changes": any((out / "site").glob("changes.*.html"))}
    for asset in sorted((HERE / "assets").iterdir()):
        more = style_sheet() if asset.suffix == ".css" else ""
        yield f"assets/{asset.name}", asset.read_bytes() + more.encode()
    for job in run["jobs"]:
        if job["status"] == "failed":
            yield f"{job['path']}.html", _of_failed(out / "notebooks" / f"{job['path']}.failed.ipynb", job, run)
    lists = defaultdict(list)
    for job in jobs:
        lists[job["labels"]["year"], job["labels"]["lang"]].append(job)
    for (year, lang), own in lists.items():
        folder = f"{year}/{lang}"
        for stem in dict.fromkeys(job["labels"]["notebook"] for job in own):
            yield f"{folder}/{stem}.html", _list(f"{folder}/{stem}", run, lists, year, lang, stem)
        for home in dict.fromkeys(_home(job) for job in own):
            yield f"{folder}/{home}/index.html", _hub(home, run, lists, year, lang)
        yield f"{folder}/index.html", _list(f"{folder}/index", run, lists, year, lang)
        if _provinces(own):
            yield f"assets/compare.{year}.{lang}.js", figures(own)
            yield f"{folder}/compare.html", _compare(f"{folder}/compare", run, lists, year, lang)
    yield from briefs(out, run)
    yield "assets/nav.js", navigation(jobs)
    for lang in {job["labels"]["lang"] for job in run["jobs"]}:
        own = [job for job in run["jobs"] if job["labels"]["lang"] == lang]
        texts = [[job["path"], job["labels"]["title"]] for job in own if not job["labels"]["level"]]
        texts += [[f"changes.{lang}", Words(lang)("What changed since the earlier run")]] if run["changes"] else []
        yield f"assets/search.{lang}.js", search_index(of_places(own) or jobs, texts)
    if lists:
        lang = next(code for code in LANGUAGES if any(code == lang for _, lang in lists))
        year = max(year for year, code in lists if code == lang)
        yield "index.html", _list("index", run, lists, year, lang)


def _of_failed(kept: Path, job: dict, run: dict) -> bytes:
    """Return the page of a job that failed: as much as its notebook, if it was kept and can be read, tells."""
    try:
        return render_page(kept.read_bytes(), job, run)
    except Exception:  # it may be cut short, or altered since
        return render_page(b"", job, run)


def _list(path: str, run: dict, lists: dict, year: int, lang: str, stem: str | None = None) -> bytes:
    """Return the page that lists a year's places: by one notebook, or the whole with all notebooks."""
    w, jobs = Words(lang), lists[year, lang]
    provinces, titles = _provinces(jobs), _titles(jobs)
    rows, main = _rows(path, provinces, stem)
    return filled(
        "list", w, jobs, **_frame(path, run, jobs, w, year, lists, "index", stem),
        stem=stem, rows=rows, titles=titles, districts=_districts(path, jobs, stem), few=len(rows) <= FEW and not stem,
        title=w("{subject}, {year}", subject=titles[stem], year=year) if stem else w("Where do we stand? PAPI {year}", year=year),
        about=next((job["facts"].get("about") for job in jobs if stem and job["labels"]["notebook"] == stem and job.get("facts")), None),
        compare=link(path, f"{year}/{lang}/compare.html") if provinces else None,
        others={} if stem else {n: t for n, t in _titles(provinces).items() if n != main},
        scored=any(row["score"] is not None for row in rows),
        since=next((row["change"]["since"] for row in rows if row["change"]), None),
        tiles=sum(bool(row["tile"]) for row in rows) >= MAP,
        islands=_islands([row["tile"] for row in rows if row["tile"]]),
        gaps=dict.fromkeys(sentence for row in rows for sentence in row["missing"]),
        failures=[(link(path, job["path"], ".html"), full_name(job["labels"]), job) for job in jobs if job["status"] == "failed" and stem in (None, job["labels"]["notebook"])],
        here=link(path, f"{year}/{lang}/index.html"), lists={n: link(path, f"{year}/{lang}/{n}.html") for n in titles},
    )  # fmt: skip


def _hub(home: str, run: dict, lists: dict, year: int, lang: str) -> bytes:
    """Return the page that lists a province's pages and its districts; `home` is the province's folder."""
    path, w = f"{year}/{lang}/{home}/index", Words(lang)
    there = {key: [job for job in of if _home(job) == home] for key, of in lists.items()}
    own = _provinces(jobs := there[year, lang])
    name = jobs[0]["labels"].get("parent", jobs[0]["labels"])["name"]
    return filled(
        "hub", w, jobs, **_frame(path, run, jobs, w, year, there, f"{home}/index"),
        title=w("{place}, {year}: all pages", place=name, year=year),
        name=name, districts=_districts(path, jobs, None), year_list=link(path, f"{year}/{lang}/index.html"),
        compare=f"{link(path, f'{year}/{lang}/compare.html')}#{home}" if own else None,
        pages=[(job["labels"]["title"], _rows(path, [job], _told_by(job, own))[0][0]) for job in own],
    )  # fmt: skip


def _compare(path: str, run: dict, lists: dict, year: int, lang: str) -> bytes:
    """Return the page that puts chosen places side by side."""
    w, jobs, there = Words(lang), lists[year, lang], {key: _provinces(of) for key, of in lists.items()}
    return filled(
        "compare", w, jobs, **_frame(path, run, jobs, w, year, there, "compare"), title=w("Compare places, {year}", year=year), here="index.html",
    )  # fmt: skip


def _frame(
    path: str, run: dict, jobs: list[dict], w: Words, year: int, lists: dict, name: str, stem: str | None = None
) -> dict:
    """Return what every list says around its tables: the way to the assets, where it comes from, the same of other years and languages."""
    return {
        "root": "../" * path.count("/"),
        "facts": defaultdict(str, next((job["facts"] for job in jobs if job.get("facts")), {})),
        "made": w.date(datetime.fromisoformat(run["finished"])),
        "changes": link(path, f"changes.{w.lang}.html") if run["changes"] else None,
        "year": year,
        "years": [(y, link(path, f"{y}/{code}/{name}.html")) for y, code in sorted(lists, reverse=True) if code == w.lang and lists[y, code]],
        "languages": [(code, link(path, f"{year}/{code}/{stem or name}.html")) for code in LANGUAGES if lists.get((year, code))],
    }  # fmt: skip


def _provinces(jobs: list[dict]) -> list[dict]:
    return [job for job in jobs if "parent" not in job["labels"]]


def _home(job: dict) -> str:
    """Return the folder of the province that a job is about or whose district it is about."""
    return split_path(job["path"])[1].partition("/")[0]


def _whole(job: dict) -> bool:
    """Tell whether a job is about the whole index, not one dimension."""
    return job.get("facts", {}).get("dimension", 0) is None


def _rows(path: str, jobs: list[dict], stem: str | None) -> tuple[list[dict], str | None]:
    """Return a row a place: what its main notebook tells, and its other pages; and which notebook that is."""
    main = stem or next((job["labels"]["notebook"] for job in jobs if _whole(job)), None)
    rows: dict[str, dict] = {}
    for job in jobs:
        labels, facts, href = job["labels"], job.get("facts") or {}, link(path, job["path"], ".html")
        place = split_path(job["path"])[1]
        row = rows.setdefault(
            place,
            {"name": labels["name"], "row": place.rpartition("/")[2], "tile": labels.get("tile"), "href": href, "pages": {}, "findings": [], "missing": []}
            | dict.fromkeys(_TOLD[:-2]),
        )  # fmt: skip
        stands = facts.get("group"), facts.get("rank")
        row["pages"][labels["notebook"]] = (href, job["status"] == "failed", _whole(job), *stands)
        if labels["notebook"] == main:
            row |= {key: facts.get(key, value) for key, value in row.items() if key in _TOLD} | {"href": href}
    return list(rows.values()), main


def _told_by(job: dict, own: list[dict]) -> str:
    """Return the notebook that tells a job's figures: itself, or for the total the place's first one alone."""
    return next(j["labels"]["notebook"] for j in own if j is job or _whole(j) and _whole(job))


def _districts(path: str, jobs: list[dict], stem: str | None) -> list[dict]:
    """Return a section a province: its districts, which are another kind of figure than provinces.

    They come from respondents' records, and no score of theirs compares with a published one.
    """
    sections = []
    own = [job for job in jobs if "parent" in job["labels"] and stem in (None, job["labels"]["notebook"])]
    for home in dict.fromkeys(map(_home, own)):
        these = [job for job in own if _home(job) == home]
        rows, main = _rows(path, these, stem)
        sections.append({
            "province": these[0]["labels"]["parent"]["name"],
            "href": link(path, f"{split_path(these[0]['path'])[0]}/{home}/index.html") + "#districts",
            "rows": rows,
            "others": {} if stem else {n: t for n, t in _titles(these).items() if n != main},
            "titles": _titles(these),
            "simulated": any(job.get("facts", {}).get("simulated") for job in these),
            "source": next((job["facts"]["source"] for job in these if job.get("facts", {}).get("source")), ""),
        })  # fmt: skip
    return sections


def _islands(tiles: list[dict]) -> list[tuple[str, int, int]]:
    """Return the islands that places administer, with a free spot on the map beside the place or under it."""
    taken = {(tile["row"], tile["column"]) for tile in tiles}
    spots = [(tile["islands"], tile["row"], tile["column"]) for tile in tiles if tile["islands"]]
    return [(name, row + 1, at) if (row, at + 1) in taken else (name, row, at + 1) for name, row, at in spots]


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
    stems, latest = _titles(jobs), max((job["labels"]["year"] for job in jobs), default=None)
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
    names_of: dict[str, dict] = {stem: {} for stem in _titles(jobs)}
    names: dict[str, dict] = {}
    for job in jobs:
        labels = job["labels"]
        names_of[labels["notebook"]][labels["lang"]] = labels["title"]
        names.setdefault(split_path(job["path"])[1], {})[labels["lang"]] = labels["name"]
    there = _there(jobs, names_of, names)
    return _script("papiNav", {"notebooks": list(names_of.items()), "places": list(names.items()), "pages": there})


def _titles(jobs: Sequence[dict]) -> dict[str, str]:
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
