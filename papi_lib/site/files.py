"""Files of the site: the run's jobs, what each page tells of itself, addresses between pages, templates."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from html import unescape
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader
from nbformat import NotebookNode

from papi_lib.atomic import check_no_links
from papi_lib.batch import manifest
from papi_lib.page.words import Words
from papi_lib.plaintext import without_folders

#: Mime type of what a notebook tells of itself.
FACTS = "application/vnd.papi.page+json"
HERE = Path(__file__).parent
#: What lists and pages take from a notebook's facts, and what the site needs of a job's record besides what every batch writes.
_TOLD, RECORD = json.loads((HERE / "record.json").read_bytes()).values()
RECORD["properties"]["facts"] = _TOLD
#: What a page that tells its place must tell as it was asked, and what only if it was asked for.
_ALWAYS, _MAYBE = ("level", "code", "year", "lang"), ("dimension", "source", "data_hash")


def read_facts(notebook: NotebookNode) -> dict:
    """Return what an executed notebook tells of itself: its outputs of the facts' mime type, in order.

    The findings of one that tells none are what it says under its first question.
    """
    told = {key: value for told in _told(notebook) for key, value in told.items()}
    if "place" in told and "findings" not in told:
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        shown = "".join(output.get("data", {}).get("text/html", "") for output in outputs)
        first = "".join(re.split("<h2", shown)[1:2])
        told["findings"] = [unescape(said) for said in re.findall(r'<p class="finding">(.*?)</p>', first, flags=re.S)]
    return told


def fault(notebook: NotebookNode, labels: dict, data_hash: str | None = None) -> str | None:
    """Return why an executed notebook is no page of what was asked, in a few words; None if it is, or does not tell.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The executed notebook; each of its outputs of facts counts.
    labels : dict
        The job's labels; among them ``dimension`` and ``source``, the records' file, where those were asked for.
    data_hash : str, optional
        Hash of the data package that was asked for.
    """
    for told in _told(notebook):
        try:
            manifest.checker(_TOLD)(told)
        except ValueError as error:
            return f"what the page tells of itself cannot be used ({error})"
        if "place" not in told:
            continue
        is_ = dict.fromkeys(_ALWAYS + _MAYBE) | told | told["place"]
        asked = {key: is_[key] for key in _MAYBE} | labels | ({"data_hash": data_hash} if data_hash else {})
        differing = [key for key in _ALWAYS + _MAYBE if is_[key] != asked[key]]
        if differing:
            return f"the page is about {_describe(is_, differing)}, asked was {_describe(asked, differing)}"
    return None


def _describe(what: dict, differing: list[str]) -> str:
    """Return place, year and language in words, and what differs besides."""
    more = [f"{name} {str(what[key])[:12]}" for key, name in (("dimension", "dimension"), ("data_hash", "data")) if key in differing]  # fmt: skip
    more += [str(what["source"])] if "source" in differing else []
    return ", ".join([f"{what['name']} ({what['level']} {what['code']})", str(what["year"]), str(what["lang"]), *more])


def _told(notebook: NotebookNode) -> Iterator[dict]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if FACTS in output.get("data", {}):
                yield output["data"][FACTS]


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
    way = posixpath.relpath(target, posixpath.dirname(source) or ".")
    return quote(way + "/" * target.endswith("/") + ending)


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
