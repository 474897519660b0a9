"""The page of one executed notebook: what is for the reader, the way to other pages, where it comes from."""

from __future__ import annotations

import hashlib
import html as markup
import json
import re
from collections import defaultdict
from datetime import datetime
from functools import lru_cache

import nbformat

from papi_lib.site.drawings import slim
from papi_lib.site.files import TEMPLATES, link
from papi_lib.wording import Words

#: Mime type of what a notebook tells of itself.
FACTS = "application/vnd.papi.page+json"


def render_page(executed: bytes, job: dict, head: dict) -> bytes:
    """Return the page of one executed notebook.

    Parameters
    ----------
    executed : bytes
        The executed notebook; one that failed, or is empty, gives a page that says so.
    job : dict
        The job's record; its ``facts``, what the notebook tells of itself, are filled in here.
    head : dict
        The run: ``plan``, a list of all jobs' ``path`` and ``labels``.
    """
    notebook = nbformat.v4.reads(executed.decode()) if executed else nbformat.v4.new_notebook()
    facts = job["facts"] = read_facts(notebook)
    labels, path = job["labels"], job["path"]
    w = Words(labels["lang"])
    kept = f"../notebooks/{path}{'.failed' if job['status'] == 'failed' else ''}.ipynb"
    page = {
        "w": w,
        "lang": labels["lang"],
        "title": facts.get("title") or f"{labels['title']}: {labels['name']}, {labels['year']}",
        "root": "../" * path.count("/"),
        "labels": labels,
        "facts": defaultdict(str, facts),
        "parameters": json.dumps(job["parameters"], ensure_ascii=False),
        "made": w.date(datetime.fromisoformat(job["started"])) if job["started"] else "–",
        "notebook": link(path, kept) if executed else None,
        "notebook_hash": hashlib.sha256(executed).hexdigest(),
        "error": job.get("error"),
        **_for_reader(notebook),
        **_ways(path, labels, head["plan"]),
    }
    body, _ = _exporter().from_notebook_node(notebook, {"papi": page})
    return body.encode()


def read_facts(notebook: nbformat.NotebookNode) -> dict:
    """Return what an executed notebook tells of itself: its outputs of the facts' mime type, in order."""
    facts: dict = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            facts.update(output.get("data", {}).get(FACTS, {}))
    return facts


def _for_reader(notebook: nbformat.NotebookNode) -> dict:
    """Leave only what is for the reader, and give questions an address and tables their own scroll.

    Returns
    -------
    dict
        ``headings``, the questions as address and markup; ``titled``, whether there is a title;
        ``broken``, the question at which the notebook failed, if it did; ``styles``, the rules of
        its drawings.
    """
    headings: list[tuple[str, str]] = []
    titled, broken, styles = False, None, {}

    def number(found: re.Match) -> str:
        headings.append((f"q{len(headings) + 1}", found[1]))
        return f'<h2 id="{headings[-1][0]}">{found[1]}</h2>'

    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in notebook.cells:
        shown = []
        for output in cell.outputs:
            fragment = output.get("data", {}).get("text/html")
            if output.output_type == "error":
                broken = headings[-1][1] if headings else ""
                shown.append(output)
            elif fragment is not None:
                fragment = re.sub(r"<h2>(.*?)</h2>", number, fragment, flags=re.S)
                fragment = re.sub(
                    r'<table class="figures">.*?</table>',
                    r'<div class="drawing" tabindex="0">\g<0></div>',
                    fragment,
                    flags=re.S,
                )
                titled = titled or "<h1" in fragment
                output.data = {"text/html": slim(fragment, styles)}
                shown.append(output)
        cell.outputs = shown
    return {"headings": headings, "titled": titled, "broken": broken and markup.unescape(broken), "styles": styles}


def _ways(path: str, labels: dict, plan: list[dict]) -> dict:
    """Return a page's links: the place's other notebooks, the places before and after, languages, years."""
    year, lang, rest = path.split("/", 2)
    folder, _, _ = path.rpartition("/")
    above = folder.rpartition("/")[0]
    groups = _groups(plan)
    places = groups["places", above, labels["notebook"]]
    here = next(i for i, job in enumerate(places) if job["path"] == path)

    def to(job: dict) -> str:
        return link(path, job["path"], ".html")

    def neighbour(i: int) -> tuple | None:
        return (places[i]["labels"]["name"], to(places[i])) if 0 <= i < len(places) else None

    return {
        "year_list": link(path, f"{year}/{lang}/index.html"),
        "all_places": link(path, f"{year}/{lang}/{labels['notebook']}.html"),
        "siblings": [(j["labels"]["title"], to(j), j["path"] == path) for j in groups["notebooks", folder]],
        "previous": neighbour(here - 1),
        "next": neighbour(here + 1),
        "languages": [(j["labels"]["lang"], to(j)) for j in groups["languages", year, rest]],
        "years": [(j["labels"]["year"], to(j)) for j in groups["years", lang, rest]],
    }


_last: list = [None, None]  # a run asks the same of every page


def _groups(plan: list[dict]) -> dict[tuple, list[dict]]:
    """Return the plan's jobs by what they share; remembered for the last plan asked of."""
    if _last[0] is not plan:
        groups: dict[tuple, list[dict]] = defaultdict(list)
        for job in plan:
            year, lang, rest = job["path"].split("/", 2)
            folder = job["path"].rpartition("/")[0]
            groups["notebooks", folder].append(job)
            groups["places", folder.rpartition("/")[0], job["labels"]["notebook"]].append(job)
            groups["languages", year, rest].append(job)
            groups["years", lang, rest].append(job)
        _last[:] = plan, groups
    return _last[1]


@lru_cache(maxsize=1)
def _exporter():
    """Return nbconvert's exporter with the project's template.

    Not its HTMLExporter, which parses and writes every page a second time for alt texts that our
    outputs already have.
    """
    from nbconvert.exporters import TemplateExporter  # slow to import, and only pages need it
    from nbconvert.filters import Highlight2HTML

    return TemplateExporter(
        template_name="papi",
        file_extension=".html",
        extra_template_basedirs=[str(TEMPLATES)],
        filters={"highlight_code": Highlight2HTML(pygments_lexer="ipython3")},
    )
