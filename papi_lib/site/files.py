"""Files of the site: the run's jobs, addresses between pages, templates."""

from __future__ import annotations

import hashlib
import posixpath
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader

from papi_lib.wording import Words

HERE = Path(__file__).parent
TEMPLATES = HERE / "templates"


def of_places(jobs: list[dict]) -> list[dict]:
    """Return the jobs whose pages are about a place, in the order of their paths: provinces before their districts."""
    return sorted((job for job in jobs if job["labels"]["level"]), key=lambda job: job["path"].split("/"))


def split_path(path: str) -> tuple[str, str, str]:
    """Return a page's year and language, its place's folder and its notebook: ``2024/vi``, ``ha-noi``, ``00_overview``."""
    year, lang, rest = path.split("/", 2)
    return f"{year}/{lang}", *rest.rpartition("/")[::2]


def full_name(labels: dict) -> str:
    """Return a place's name, a district's with its province's."""
    return ", ".join([labels["name"], *([labels["parent"]["name"]] if "parent" in labels else [])])


def link(source: str, target: str, ending: str = "") -> str:
    """Return the address of one file of the site as written in another, both given below the site's folder."""
    return quote(
        posixpath.relpath(target, posixpath.dirname(source) or ".") + ("/" if target.endswith("/") else "") + ending
    )


def of_notebook(job: dict, executed: bytes, w: Words) -> dict:
    """Return what any page tells of the executed notebook behind it: where and which it is, when it was made, its error."""
    path = job["path"]
    kept = f"../notebooks/{path}{'.failed' if job['status'] == 'failed' else ''}.ipynb"
    return {
        "root": "../" * path.count("/"),
        "made": w.date(datetime.fromisoformat(job["started"])) if job["started"] else "–",
        "notebook": link(path, kept) if executed else None,
        "notebook_hash": hashlib.sha256(executed).hexdigest(),
        "error": job.get("error"),
    }


def inside(site: Path, name: str) -> Path:
    """Return a file of the site; refuse a name that leads out of its folder."""
    path = site / name
    if site.resolve() not in path.resolve().parents:
        raise ValueError(f"manifest.json: path '{name}' leads out of {site}; run papi report again")
    return path


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Return the templates of pages that no notebook stands behind."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES / "papi"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
