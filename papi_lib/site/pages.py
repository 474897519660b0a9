"""The page of one executed notebook: what is for the reader, the lists that it is in, where it comes from."""

from __future__ import annotations

import html as markup
import json
import re
from collections import defaultdict
from functools import lru_cache

import nbformat

from papi_lib.site.drawings import slim
from papi_lib.site.files import TEMPLATES, full_name, link, of_notebook, split_path, templates
from papi_lib.site.texts import render_text
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
        The run's versions of code and data, for pages that are about no place.
    """
    notebook = nbformat.v4.reads(executed.decode()) if executed else nbformat.v4.new_notebook()
    if not job["labels"]["level"]:
        return render_text(notebook, executed, job, head)
    facts = job["facts"] = read_facts(notebook)
    labels, path = job["labels"], job["path"]
    w = Words(labels["lang"])
    page = {
        "w": w,
        "lang": labels["lang"],
        "title": facts.get("title") or f"{labels['title']}: {full_name(labels)}, {labels['year']}",
        "labels": labels,
        "facts": defaultdict(str, facts),
        "parameters": json.dumps(job["parameters"], ensure_ascii=False),
        **of_notebook(job, executed, w),
        **_for_reader(notebook, "../" * path.count("/"), w),
        **_ways(path, labels),
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


def _for_reader(notebook: nbformat.NotebookNode, root: str, w: Words) -> dict:
    """Leave only what is for the reader; give questions an address and the way to their method, tables their own scroll.

    Returns
    -------
    dict
        ``headings``, the questions as address and markup; ``titled``, whether there is a title;
        ``broken``, the question at which the notebook failed, if it did; ``styles``, the rules of
        its drawings.
    """
    headings: list[tuple[str, str]] = []
    titled, broken, styles = False, None, {}
    way = templates().get_template("frame.html.j2").module.methods

    def number(found: re.Match) -> str:
        headings.append((f"q{len(headings) + 1}", found[2]))
        return f'<h2 id="{headings[-1][0]}">{found[2]}</h2>{way(root, w, found[1]) if found[1] else ""}'

    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in notebook.cells:
        shown = []
        for output in cell.outputs:
            fragment = output.get("data", {}).get("text/html")
            if output.output_type == "error":
                broken = headings[-1][1] if headings else ""
                shown.append(output)
            elif fragment is not None:
                fragment = re.sub(r'<h2(?: data-method="([a-z0-9-]+)")?>(.*?)</h2>', number, fragment, flags=re.S)
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


def _ways(path: str, labels: dict) -> dict:
    """Return the links of a page that hold whatever else the run makes: the lists that it is in.

    The way to pages beside it, in other years and languages, the script builds from the run's ``nav.js``.
    """
    folder, place, stem = split_path(path)
    home = place.partition("/")[0]
    return {
        "path": path,
        "year_list": link(path, f"{folder}/index.html"),
        "all_places": link(path, f"{folder}/{stem}.html"),
        "hub": link(path, f"{folder}/{home}/index.html"),
        "hub_name": labels.get("parent", labels)["name"],
        "row": place.rpartition("/")[2],
    }


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
        optimistic_validation=True,
        # The pages of a notebook have the same code.
        filters={"highlight_code": lru_cache(maxsize=512)(Highlight2HTML(pygments_lexer="ipython3"))},
    )
