"""The site's first pages: where all places stand, by year, by notebook and by province, what failed, and search."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from papi_lib.atomic import write
from papi_lib.batch import manifest
from papi_lib.page.colours import style_sheet
from papi_lib.page.words import LANGUAGES, Words
from papi_lib.site import scripts
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
            yield f"assets/compare.{year}.{lang}.js", scripts.figures(own)
            yield f"{folder}/compare.html", _compare(f"{folder}/compare", run, lists, year, lang)
    yield from briefs(out, run)
    yield "assets/nav.js", scripts.navigation(jobs)
    for lang in {job["labels"]["lang"] for job in run["jobs"]}:
        own = [job for job in run["jobs"] if job["labels"]["lang"] == lang]
        texts = [[job["path"], job["labels"]["title"]] for job in own if not job["labels"]["level"]]
        texts += [[f"changes.{lang}", Words(lang)("What changed since the earlier run")]] if run["changes"] else []
        yield f"assets/search.{lang}.js", scripts.search_index(of_places(own) or jobs, texts)
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
    provinces = _provinces(jobs)
    titles = scripts.titles(jobs)
    rows, main = _rows(path, provinces, stem)
    return filled(
        "list", w, jobs, **_frame(path, run, jobs, w),
        year=year,
        stem=stem,
        title=w("{subject}, {year}", subject=titles[stem], year=year) if stem else w("Where do we stand? PAPI {year}", year=year),
        rows=rows,
        about=next((job["facts"].get("about") for job in jobs if stem and job["labels"]["notebook"] == stem and job.get("facts")), None),
        compare=link(path, f"{year}/{lang}/compare.html") if _provinces(jobs) else None,
        others={} if stem else {n: t for n, t in scripts.titles(provinces).items() if n != main},
        titles=titles,
        scored=any(row["score"] is not None for row in rows),
        since=next((row["change"]["since"] for row in rows if row["change"]), None),
        tiles=sum(bool(row["tile"]) for row in rows) >= MAP,
        islands=_islands([row["tile"] for row in rows if row["tile"]]),
        few=len(rows) <= FEW and not stem,
        gaps=dict.fromkeys(sentence for row in rows for sentence in row["missing"]),
        districts=_districts(path, jobs, stem),
        failures=[(link(path, job["path"], ".html"), full_name(job["labels"]), job) for job in jobs if job["status"] == "failed" and stem in (None, job["labels"]["notebook"])],
        here=link(path, f"{year}/{lang}/index.html"),
        lists={n: link(path, f"{year}/{lang}/{n}.html") for n in titles},
        years=[(y, link(path, f"{y}/{lang}/index.html")) for y, code in sorted(lists, reverse=True) if code == lang],
        languages=[(code, link(path, f"{year}/{code}/{stem or 'index'}.html")) for code in LANGUAGES if (year, code) in lists],
    )  # fmt: skip


def _hub(home: str, run: dict, lists: dict, year: int, lang: str) -> bytes:
    """Return the page that lists a province's pages and its districts; `home` is the province's folder."""
    path, w = f"{year}/{lang}/{home}/index", Words(lang)
    jobs = [job for job in lists[year, lang] if _home(job) == home]
    own = _provinces(jobs)
    name = jobs[0]["labels"].get("parent", jobs[0]["labels"])["name"]
    others = {key: {_home(job) for job in of} for key, of in lists.items()}
    return filled(
        "hub", w, jobs, **_frame(path, run, jobs, w),
        year=year,
        title=w("{place}, {year}: all pages", place=name, year=year),
        name=name,
        compare=f"{link(path, f'{year}/{lang}/compare.html')}#{home}" if _provinces(jobs) else None,
        year_list=link(path, f"{year}/{lang}/index.html"),
        pages=[(job["labels"]["title"], _rows(path, [job], _told_by(job, own))[0][0]) for job in own],
        districts=_districts(path, jobs, None),
        years=[(y, link(path, f"{y}/{lang}/{home}/index.html")) for y, code in sorted(lists, reverse=True) if code == lang and home in others[y, code]],
        languages=[(code, link(path, f"{year}/{code}/{home}/index.html")) for code in LANGUAGES if home in others.get((year, code), ())],
    )  # fmt: skip


def _compare(path: str, run: dict, lists: dict, year: int, lang: str) -> bytes:
    """Return the page that puts chosen places side by side."""
    w, jobs = Words(lang), lists[year, lang]
    return filled(
        "compare", w, jobs, **_frame(path, run, jobs, w), year=year, title=w("Compare places, {year}", year=year), here="index.html",
        years=[(y, link(path, f"{y}/{lang}/compare.html")) for y, code in sorted(lists, reverse=True) if code == lang and _provinces(lists[y, code])],
        languages=[(code, link(path, f"{year}/{code}/compare.html")) for code in LANGUAGES if _provinces(lists.get((year, code), []))],
    )  # fmt: skip


def _frame(path: str, run: dict, jobs: list[dict], w: Words) -> dict:
    """Return what every list says around its tables: the way to the assets, where it comes from."""
    return {
        "root": "../" * path.count("/"),
        "facts": defaultdict(str, next((job["facts"] for job in jobs if job.get("facts")), {})),
        "made": w.date(datetime.fromisoformat(run["finished"])),
        "changes": link(path, f"changes.{w.lang}.html") if run["changes"] else None,
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
            "others": {} if stem else {n: t for n, t in scripts.titles(these).items() if n != main},
            "titles": scripts.titles(these),
            "simulated": any(job.get("facts", {}).get("simulated") for job in these),
            "source": next((job["facts"]["source"] for job in these if job.get("facts", {}).get("source")), ""),
        })  # fmt: skip
    return sections


def _islands(tiles: list[dict]) -> list[tuple[str, int, int]]:
    """Return the islands that places administer, with a free spot on the map beside the place or under it."""
    taken = {(tile["row"], tile["column"]) for tile in tiles}
    spots = []
    for tile in (tile for tile in tiles if tile["islands"]):
        beside, under = (tile["row"], tile["column"] + 1), (tile["row"] + 1, tile["column"])
        spots.append((tile["islands"], *(under if beside in taken else beside)))
    return spots
