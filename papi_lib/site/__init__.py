"""Executed notebooks as a static site: one page a notebook and a first page for the run.

Pages open from a folder, without network: one shared stylesheet and script beside them. A page is
made from its notebook, the job's record and the run's plan; the first page from the manifest.
"""

from __future__ import annotations

import json
import os
import posixpath
from collections import defaultdict
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import nbformat
from jinja2 import Environment, FileSystemLoader

from papi_lib.wording import LANGUAGES, Words

FACTS = "application/vnd.papi.page+json"
_HERE = Path(__file__).parent


def render_page(executed: Path, html: Path, job: dict, head: dict) -> None:
    """Make the page of one executed notebook.

    Parameters
    ----------
    executed : pathlib.Path
        The executed notebook.
    html : pathlib.Path
        Where to write the page.
    job : dict
        The job's record; its ``facts``, what the notebook tells of itself, are filled in here.
    head : dict
        The run: ``plan``, a list of all jobs' ``path`` and ``labels``.
    """
    notebook = nbformat.read(executed, as_version=4)
    facts = job["facts"] = read_facts(notebook)
    labels, path = job["labels"], job["path"]
    w = Words(labels["lang"])
    plan = head["plan"]
    page = {
        "w": w,
        "lang": labels["lang"],
        "title": facts.get("title", path),
        "root": posixpath.relpath(".", posixpath.dirname(path)) + "/",
        "home": home_name(labels["lang"], plan),
        "labels": labels,
        "facts": defaultdict(str, facts),
        "parameters": json.dumps(job["parameters"], ensure_ascii=False),
        "made": w.date(datetime.fromisoformat(job["started"])),
        "notebook": _link(path, f"../notebooks/{path}.ipynb", ending=""),
        **_neighbours(path, labels, plan),
    }
    body, _ = _exporter().from_notebook_node(notebook, {"papi": page})
    html.write_text(body, encoding="utf-8")


def read_facts(notebook: nbformat.NotebookNode) -> dict:
    """Return what an executed notebook tells of itself: its outputs of the facts' mime type, in order."""
    facts: dict = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            facts.update(output.get("data", {}).get(FACTS, {}))
    return facts


def build(out: Path) -> Path:
    """Make the run's first pages, one a language, and put stylesheet and script beside them.

    Parameters
    ----------
    out : pathlib.Path
        The run folder, with its ``manifest.json``.

    Returns
    -------
    pathlib.Path
        The page to open.
    """
    run = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    site = out / "site"
    (site / "assets").mkdir(parents=True, exist_ok=True)
    for asset in (_HERE / "assets").iterdir():
        _write(site / "assets" / asset.name, asset.read_bytes())
    jobs = run["jobs"]
    langs = [lang for lang in LANGUAGES if any(job["labels"]["lang"] == lang for job in jobs)]
    for lang in langs:
        own = [job for job in jobs if job["labels"]["lang"] == lang]
        w = Words(lang)
        text = (
            _environment()
            .get_template("home.html.j2")
            .render(
                w=w,
                lang=lang,
                title=w("PAPI: where do we stand?"),
                languages=[(code, home_name(code, jobs)) for code in langs],
                failures=[job for job in own if job["status"] == "failed"],
                tables=[_table(own, year, w) for year in sorted({job["labels"]["year"] for job in own}, reverse=True)],
                facts=next((job["facts"] for job in own if job.get("facts")), {}),
                made=w.date(datetime.fromisoformat(run["finished"])),
            )
        )
        _write(site / home_name(lang, jobs), text.encode())
    return site / "index.html"


def home_name(lang: str, jobs: list[dict]) -> str:
    """Return the first page's name: ``index.html`` for the run's first language, else ``index.LANG.html``."""
    first = next(code for code in LANGUAGES if any(job["labels"]["lang"] == code for job in jobs))
    return "index.html" if lang == first else f"index.{lang}.html"


def _table(jobs: list[dict], year: int, w: Words) -> dict:
    """Return what the first page shows of one year: one row a place, in the plan's order."""
    places: dict[str, dict] = {}
    for job in jobs:
        labels = job["labels"]
        if labels["year"] != year:
            continue
        place = places.setdefault(
            posixpath.dirname(job["path"]),
            {"name": labels["name"], "pages": [], "href": None, "score": None, "missing": "–"},
        )
        if job["status"] == "failed":
            continue
        href = f"{job['path']}.html"
        place["pages"].append((labels["notebook"].split("_")[0], labels["title"], href))
        facts = job.get("facts", {})
        if facts.get("dimension", 0) is None:
            place["href"] = href
            place |= {key: facts.get(key) for key in ("score", "group", "rank", "rank_lower", "rank_upper")}
            place["missing"] = w("not published") if facts.get("missing") else "–"
        elif place["href"] is None:
            place["href"] = href
    for place in places.values():
        place["score_text"] = w.number(place["score"])
    return {"year": year, "places": list(places.values())}


def _neighbours(path: str, labels: dict, plan: list[dict]) -> dict:
    """Return a page's links: the place's other notebooks, the places before and after, languages, years."""

    def like(*same: str) -> list[dict]:
        return _by(same, plan)[tuple(labels[key] for key in same)]

    places = like("year", "lang", "notebook")
    here = next(i for i, job in enumerate(places) if job["path"] == path)

    def neighbour(i: int) -> tuple | None:
        return (places[i]["labels"]["name"], _link(path, places[i]["path"])) if 0 <= i < len(places) else None

    return {
        "siblings": [
            (j["labels"]["title"], _link(path, j["path"]), j["path"] == path) for j in like("year", "lang", "slug")
        ],
        "previous": neighbour(here - 1),
        "next": neighbour(here + 1),
        "languages": [(j["labels"]["lang"], _link(path, j["path"])) for j in like("year", "slug", "notebook")],
        "years": [(j["labels"]["year"], _link(path, j["path"])) for j in like("lang", "slug", "notebook")],
    }


_tables: dict[tuple, dict] = {}


def _by(keys: tuple[str, ...], plan: list[dict]) -> dict[tuple, list[dict]]:
    """Return the plan's jobs by some of their labels; remembered, for a run asks it of every page."""
    if (id(plan), keys) not in _tables:
        table = _tables[id(plan), keys] = defaultdict(list)
        for job in plan:
            table[tuple(job["labels"][key] for key in keys)].append(job)
    return _tables[id(plan), keys]


def _link(source: str, target: str, ending: str = ".html") -> str:
    return posixpath.relpath(target, posixpath.dirname(source)) + ending


@lru_cache(maxsize=1)
def _exporter():
    from nbconvert import HTMLExporter  # slow to import, and only pages need it

    exporter = HTMLExporter(template_name="papi", extra_template_basedirs=[str(_HERE / "templates")])
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    return exporter


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(_HERE / "templates" / "papi"), autoescape=True)


def _write(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    os.replace(part, path)
