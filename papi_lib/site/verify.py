"""Do the pages belong to their notebooks, and are they about what was asked? Hashes and facts compared."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import nbformat

from papi_lib.page.words import LANGUAGES
from papi_lib.site.about import fault, read_facts
from papi_lib.site.files import read_run
from papi_lib.site.lists import files


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
    strange = [path for path in sorted(site.rglob("*.html")) if path not in known and path not in made]
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
    if job["outputs"]["page"] != hashlib.sha256(text).hexdigest():
        problems.append(f"{page}: was altered after the run")
    if job["facts"].get("data_hash", run.get("data_hash")) != run.get("data_hash"):
        problems.append(f"{page}: was made from other data than the run's last pages; run papi report again")
    return problems
