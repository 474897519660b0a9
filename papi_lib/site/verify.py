"""Do the pages belong to their notebooks? Hashes made again and compared."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from papi_lib.site.files import inside


def verify(out: Path) -> list[str]:
    """Check a run folder: every page against its notebook, both against the manifest.

    Parameters
    ----------
    out : pathlib.Path
        The run folder, with its ``manifest.json``.

    Returns
    -------
    list of str
        What is wrong, a sentence each, beginning with the file; empty if every page was made from
        the notebook beside it, neither was altered since, and all used the same data.
    """
    run = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    site, problems, known = out / "site", [], set()
    for job in run["jobs"]:
        page, notebook = inside(site, f"{job['path']}.html"), out / "notebooks" / f"{job['path']}.ipynb"
        known.add(page)
        if job["status"] == "failed":
            continue
        if not page.exists() or not notebook.exists():
            problems += [f"{path}: is missing" for path in (page, notebook) if not path.exists()]
            continue
        text, is_now = page.read_bytes(), hashlib.sha256(notebook.read_bytes()).hexdigest()
        made_from = re.search(rb'<meta name="papi-notebook-sha256" content="([0-9a-f]{64})">', text)
        if not made_from or made_from[1].decode() != is_now:
            problems.append(f"{page}: was not made from {notebook}")
        if job["outputs"]["executed"] != is_now:
            problems.append(f"{notebook}: was altered after the run")
        if job["outputs"]["page"] != hashlib.sha256(text).hexdigest():
            problems.append(f"{page}: was altered after the run")
        if job["facts"].get("data_hash") != run.get("data_hash"):
            problems.append(f"{page}: was made from other data than the run's last pages; run papi report again")
    for page in sorted(site.rglob("*.html")):
        if page not in known and b'<meta name="papi-notebook-sha256"' in page.read_bytes():
            problems.append(f"{page}: belongs to no notebook of the run")
    return problems
