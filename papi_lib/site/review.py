"""What a reviewer checks: that pages belong to their notebooks and tell what was asked, and what changed since an earlier run.

Pages are verified by hashes and facts; compared are figures, by value.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from pathlib import Path

import nbformat

from papi_lib.atomic import write
from papi_lib.batch.jobs import file_hash, parse
from papi_lib.page.words import LANGUAGES, Words, mark
from papi_lib.site.files import fault, filled, full_name, link, of_places, read_facts, read_file, read_run
from papi_lib.site.lists import build, files
from papi_lib.site.pages import sections

_FACTS = {
    "score": mark("Score"), "group": mark("Group"), "rank": mark("Rank"), "rank_lower": mark("First rank possible"),
    "rank_upper": mark("Last rank possible"),
}  # fmt: skip


def compare(out: Path, older: Path) -> Path:
    """List the figures and sentences that changed since an earlier run on a page a language.

    Compared are values, not markup: a page's score, group and ranks, the numbers in its tables
    (those behind pictures too) and its generated sentences. Colours, order and layout do not count.

    Parameters
    ----------
    out, older : pathlib.Path
        Run folders, each with its ``manifest.json``; pages are matched by year, language, place
        and notebook.

    Returns
    -------
    pathlib.Path
        The page in the run's first language, ``site/changes.LANG.html``.

    Raises
    ------
    ValueError
        One of them holds no finished run about places, or it is damaged.
    """
    run, before = _read(out), _read(older)
    pages = []
    for lang in LANGUAGES:
        own = [job for job in run["jobs"].values() if job["labels"]["lang"] == lang]
        if not own:
            continue
        w, path = Words(lang), f"changes.{lang}"
        data = [row for job in own for row in _scores(job, before)]
        changed = [(job, link(path, job["path"], ".html"), _changes(job, before, out, older, w)) for job in own]
        text = filled(
            "changes", w, full_name=full_name,
            simulated=any(rows and job["facts"].get("simulated") for job, _, rows in changed),
            title=w("What changed since the earlier run"), earlier=w.date(datetime.fromisoformat(before["finished"])),
            data=list(dict.fromkeys(data)), versions=[(of.get("data_version"), of.get("data_hash")) for of in (before, run)],
            changed=[(job, href, rows) for job, href, rows in changed if rows],
            new=[(job, href) for job, href, rows in changed if rows is None],
            same=sum(rows == [] for _, _, rows in changed),
            gone=[j["labels"] for p, j in before["jobs"].items() if p not in run["jobs"] and j["labels"]["lang"] == lang],
        )  # fmt: skip
        pages.append(out / "site" / f"{path}.html")
        write(pages[-1], text)
    if not pages:
        raise ValueError(f"{out}: no page about a place that could be compared")
    build(out)  # whose lists lead to it
    return pages[0]


def _scores(job: dict, before: dict) -> list[tuple]:
    """Return the published scores of a page that changed: place, year, part, and score and rank before and now."""
    facts = [of.get("facts", {}) for of in (before["jobs"].get(job["path"], {}), job)]
    if not all(of.get("parts") for of in facts):
        return []
    was, now = ({name: (score, rank) for name, score, rank, _ in of["parts"]} for of in facts)
    about = (full_name(job["labels"]), job["labels"]["year"])
    return [(*about, part, was.get(part, (None, None)), now[part]) for part in now if was.get(part) != now[part]]


def _read(folder: Path) -> dict:
    run = read_run(folder)
    return {**run, "jobs": {job["path"]: job for job in of_places(run["jobs"]) if job["status"] != "failed"}}


def _changes(job: dict, before: dict, out: Path, older: Path, w: Words) -> list[tuple] | None:
    """Return where a page changed, from what to what; None if the earlier run had no such page."""
    path, old = job["path"], before["jobs"].get(job["path"])
    if old is None:
        return None
    if old["outputs"]["executed"] == job["outputs"]["executed"]:
        return []
    was, now = (values(folder / "notebooks" / f"{path}.ipynb", w) for folder in (older, out))
    return [(at, was.get(at, ""), now.get(at, "")) for at in {**now, **was} if was.get(at) != now.get(at)]


def values(executed: Path, w: Words) -> dict[tuple[str, ...], str]:
    """Return what an executed notebook states, by where it states it.

    Parameters
    ----------
    executed : pathlib.Path
        The executed notebook.
    w : Words
        Language of the names of places on the page.

    Returns
    -------
    dict
        From (question, table's caption, row, column) or (question, number of the sentence) to what is stated.
    """
    notebook = parse(read_file(executed), str(executed))
    facts = read_facts(notebook)
    known = {key: facts[key] for key in _FACTS if facts.get(key) is not None}
    found: dict[tuple[str, ...], str] = {(w(_FACTS[key]),): str(value) for key, value in known.items()}
    for question, blocks in sections(notebook, w):
        for block in blocks:
            if block.kind in ("finding", "print"):
                _put(found, (question,), block.text)
            caption = block.text if block.kind == "table" else w("Data behind the picture")
            head, *rows = block.rows or [[]]
            unique = len({row[0].text for row in rows}) == len(rows)
            for row in rows:  # rows of one name, as of a history, are told apart by what follows: the year
                name = " · ".join(cell.text for cell in row[: 1 if unique else 2])
                for column, cell in zip(head[1:], row[1:], strict=False):
                    if "number" in cell.looks:
                        _put(found, (question, caption, name, column.text), cell.text)
    return found


def _put(found: dict, where: tuple[str, ...], text: str) -> None:
    """Keep a text under its place on the page; a second one at the same place comes after it."""
    while where in found:
        where += ("…",)
    found[where] = text


def verify(out: Path) -> list[str]:
    """Check a run folder: every page against its notebook, both against the manifest and against what was asked.

    Parameters
    ----------
    out : pathlib.Path
        The run folder, with its ``manifest.json``.

    Returns
    -------
    list of str
        What is wrong, a sentence each, beginning with the file; empty if every page was made from
        the notebook beside it and is about its place, year and language, neither was altered since, all
        used the same data, the lists are those of the run, and there is no other page.

    Raises
    ------
    ValueError
        There is no finished run, or its manifest is damaged.
    """
    run, site = read_run(out), out / "site"
    problems, known = [], {site / f"changes.{lang}.html" for lang in LANGUAGES}
    for job in run["jobs"]:
        if job["status"] != "failed":
            page, notebook = site / f"{job['path']}.html", out / "notebooks" / f"{job['path']}.ipynb"
            known.add(page)
            problems += _of_job(job, page, notebook, run)
    made = {site / name: content for name, content in files(out, run)}
    for path, content in made.items():
        if not path.exists() or path.read_bytes() != content:
            what = "is not what the run gives" if path.exists() else "is missing"
            problems.append(f"{path}: {what}; make it again with papi site {out}")
    there = [p for p in sorted(site.rglob("*")) if p.is_file() and p.name[0] != "." and p.suffix != ".pdf"]
    strange = [path for path in there if path not in known and path not in made]
    return problems + [f"{path}: belongs to no notebook of the run" for path in strange]


def _of_job(job: dict, page: Path, notebook: Path, run: dict) -> list[str]:
    if missing := [f"{path}: is missing" for path in (page, notebook) if not path.is_file()]:
        return missing
    text, content, problems = page.read_bytes(), notebook.read_bytes(), []
    is_now = hashlib.sha256(content).hexdigest()
    made_from = re.search(rb'<meta name="papi-notebook-sha256" content="([0-9a-f]{64})">', text)
    if not made_from or made_from[1].decode() != is_now:
        problems.append(f"{page}: was not made from {notebook}")
    if job["outputs"]["executed"] != is_now:
        problems.append(f"{notebook}: was altered after the run")
    elif job["labels"]["level"]:
        executed = nbformat.v4.reads(content.decode())
        if wrong := fault(executed, job["labels"]):
            problems.append(f"{page}: {wrong}")
        elif read_facts(executed) != job["facts"]:
            problems.append(f"{page}: the manifest tells other figures than its notebook")
    records = job["parameters"].get("records")
    if records and file_hash(Path(records)) not in (None, job["hashes"].get("records")):
        problems.append(f"{page}: was made from other records than {records} has now; run papi report again")
    if job["outputs"]["page"] != hashlib.sha256(text).hexdigest():
        problems.append(f"{page}: was altered after the run")
    tables = run.get("tables", {})
    if other := [name for name, value in job["hashes"].items() if tables.get(name, value) != value]:
        problems.append(f"{page}: was made from another {other[0]} than the run's last pages; run papi report again")
    return problems
