"""Files of the site: the run's jobs, addresses between pages, templates."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader

from papi_lib.atomic import check_no_links
from papi_lib.batch import manifest
from papi_lib.page.words import Words
from papi_lib.plaintext import without_folders
from papi_lib.site.about import RECORD

HERE = Path(__file__).parent
#: Elements that lead a reader elsewhere, or the page's own addresses: they have no place in a body.
_LEADING = re.compile(r"<(?=(?:meta|link|base)\b)", re.IGNORECASE)
#: What templates write for a page's own nonce.
_NONCE = "@nonce@"
_STYLE = re.compile(r"<style[^<>]*>([^<]*)</style>")


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
    """Return what any page tells of the executed notebook behind it: where in the run folder and which it is, when it was made, its error."""
    path = job["path"]
    kept = f"notebooks/{path}{'.failed' if job['status'] == 'failed' else ''}.ipynb"
    return {
        "root": "../" * path.count("/"),
        "made": w.date(datetime.fromisoformat(job["started"])) if job["started"] else "–",
        "notebook": kept if executed else None,
        "notebook_hash": hashlib.sha256(executed).hexdigest(),
        "error": job.get("error"),
    }


def read_run(out: Path) -> dict:
    """Return a run folder's manifest: its head and ``jobs``, the records by which all pages were made.

    Raises
    ------
    ValueError
        There is none, or it is damaged, or something in the folder leads out of it; the message says what to do.
    """
    check_no_links(out)
    run = manifest.read(out, RECORD)
    if run.damage:
        raise ValueError(f"{run.damage}; run papi report with --out {out} again, which keeps what is right")
    if "finished" not in run.head or not run.records:
        raise ValueError(f"{out}: no {manifest.NAME}, so no finished run; make one with papi report --out {out}")
    return {**run.head, "jobs": list(run.records.values())}


def read_file(path: Path) -> bytes:
    """Return a file of a run; if it cannot be read, raise ValueError, which says what to do."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror}); run papi report again") from None


def as_page(text: str, jobs: Iterable[dict] = ()) -> bytes:
    """Return a page's file, in which nothing runs that a notebook shows, and which tells of files no more than their names.

    Scripts and style sheets of a page are those with its nonce, which comes from all that is on the page, so that
    nothing on it can have it.

    Parameters
    ----------
    text : str
        The page.
    jobs : iterable of dict
        The records of the jobs that the page tells of, whose parameters may be full names of files.

    Examples
    --------
    >>> as_page("open('/home/lan/ho so/a.sav'), https://papi.org.vn/eng/data/, km/h/người").decode()
    "open('a.sav'), https://papi.org.vn/eng/data/, km/h/người"
    """
    given = {value for job in jobs for value in job["parameters"].values() if isinstance(value, str)}
    text = without_folders(text, given)
    head, begin, body = text.partition("<body>")
    nonce = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
    return (head.replace(_NONCE, nonce) + begin + without_leading(body)).encode("utf-8", "replace")


def filled(template: str, w: Words, jobs: Iterable[dict] = (), **told: object) -> bytes:
    """Return the page, as `as_page` makes it, of a template that tells of jobs in a language."""
    return as_page(templates().get_template(f"{template}.html.j2").render(w=w, lang=w.lang, **told), jobs)


def own_style(text: str) -> str:
    """Return the rules that a page has in its head besides the site's style sheet."""
    return "".join(_STYLE.findall(text.partition("</head>")[0]))


def without_leading(body: str) -> str:
    """Return markup in which nothing leads a reader elsewhere by itself: what would is text."""
    return _LEADING.sub("&lt;", body)


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Return the templates of all pages."""
    loader = FileSystemLoader(HERE / "templates" / "papi")
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
