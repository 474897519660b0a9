"""The page of one executed notebook: what is for the reader, the lists that it is in, where it comes from.

A notebook about no place, as the one on methods, is written to be read: its page has its text and tables, no code.
"""

from __future__ import annotations

import html as markup
import json
import re
from collections import defaultdict
from functools import lru_cache

import nbformat

from papi_lib.page.words import Words, paragraphs
from papi_lib.site.about import fault, read_facts
from papi_lib.site.files import filled, full_name, link, of_notebook, split_path, templates
from papi_lib.site.outputs import for_reader, slim, within

_QUESTION = re.compile(rf'<h2(?: data-method="([a-z0-9-]+)")?>{within("h2")}</h2>')
_FIGURES = re.compile(rf'(?<!tabindex="0">)<table class="figures[^"<>]*">{within("table")}</table>')
_ANCHOR = re.compile(rf'<a class="anchor-link"{within("a")}</a>')
_PLAIN = re.compile(
    r'<span class="(?!(?:k|kn|kc|ow|s1|s2|mi|mf|c1)")\w*">([^<]*)</span>'
)  # what has no colour of its own
_HEADING = re.compile(rf"<h([1-6])[^<>]*>{within('h[1-6]')}</h\1>")


class WrongPageError(ValueError):
    """A page is not about what was asked; told as an error of the notebook."""

    def __init__(self, notebook: str, fault: str) -> None:
        super().__init__(f"{notebook}: {fault}")
        self.ename, self.evalue = notebook, fault


def render_page(executed: bytes, job: dict, head: dict) -> bytes:
    """Return the page of one executed notebook.

    Parameters
    ----------
    executed : bytes
        The executed notebook; one that failed, or is empty, gives a page that says so.
    job : dict
        The job's record. Filled in here are its ``facts``, what the notebook tells of itself, and ``left_out``,
        how many outputs the page leaves out (see `papi_lib.site.outputs.for_reader`).
    head : dict
        The run's versions of code and data.

    Raises
    ------
    WrongPageError
        The notebook ran and tells that it is about something else than was asked. Of one that failed nothing
        is shown then.
    """
    labels, path = job["labels"], job["path"]
    notebook = nbformat.v4.reads(executed.decode()) if executed else nbformat.v4.new_notebook()
    if not labels["level"]:
        return _render_text(notebook, executed, job, head)
    # A page that is made again is of the data that its notebook read: what it used of them is the same.
    wrong = fault(notebook, labels, None if "facts" in job else head.get("data_hash"))
    if wrong and job["status"] != "failed":
        raise WrongPageError(job["notebook"], wrong)
    if wrong:
        notebook.cells = []
    facts = job["facts"] = read_facts(notebook)
    w = Words(labels["lang"])
    reader = _for_reader(notebook, "../" * path.count("/"), w)
    job["left_out"] = reader.pop("left_out")
    page = of_notebook(job, executed, w) | reader | _ways(path, labels) | {
        "lang": labels["lang"], "labels": labels, "facts": defaultdict(str, facts),
        "title": facts.get("title") or f"{labels['title']}: {full_name(labels)}, {labels['year']}",
        "parameters": json.dumps(job["parameters"], ensure_ascii=False),
    }  # fmt: skip
    return filled("index", w, [job], page=page, cells=notebook.cells, highlighted=_highlighted)


def _for_reader(notebook: nbformat.NotebookNode, root: str, w: Words) -> dict:
    """Leave only what is for the reader; give questions an address and the way to their method, tables their own scroll.

    Returns
    -------
    dict
        ``headings``, the questions as address and markup; ``titled``, whether there is a title;
        ``broken``, the question at which the notebook failed, if it did; ``styles``, the rules of
        its drawings; ``left_out``, how many outputs are not shown.
    """
    headings: list[tuple[str, str]] = []
    styles: dict[str, str] = {}
    titled, broken, left_out = False, None, 0
    way = vars(templates().get_template("frame.html.j2").module)["methods"]

    def number(found: re.Match) -> str:
        headings.append((f"q{len(headings) + 1}", found[2]))
        return f'<h2 id="{headings[-1][0]}">{found[2]}</h2>{way(root, w, found[1], markup.unescape(found[2])) if found[1] else ""}'

    notebook.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in notebook.cells:
        fragments, others = for_reader(cell, w)
        left_out += others
        failed = [output for output in cell.outputs if output.output_type == "error"]
        cell.outputs = []
        for fragment in fragments:
            fragment = _scrolling(_QUESTION.sub(number, fragment))
            titled = titled or "<h1" in fragment
            cell.outputs.append(nbformat.v4.new_output("display_data", {"text/html": slim(fragment, styles)}))
        if failed:
            broken = headings[-1][1] if headings else ""
            cell.outputs += failed
    broken = broken and markup.unescape(broken)
    return {"headings": headings, "titled": titled, "broken": broken, "styles": styles, "left_out": left_out}


def _scrolling(fragment: str) -> str:
    """Return markup whose tables each have a scroll of their own."""
    return _FIGURES.sub(r'<div class="drawing" tabindex="0">\g<0></div>', fragment)


def _ways(path: str, labels: dict) -> dict:
    """Return the links of a page that hold whatever else the run makes: the lists that it is in.

    The way to pages beside it, in other years and languages, the script builds from the run's ``nav.js``.
    """
    folder, place, stem = split_path(path)
    home = place.partition("/")[0]
    return {
        "path": path, "year_list": link(path, f"{folder}/index.html"),
        "all_places": link(path, f"{folder}/{stem}.html"), "hub": link(path, f"{folder}/{home}/index.html"),
        "hub_name": labels.get("parent", labels)["name"], "row": place.rpartition("/")[2],
        "compare": None if "/" in place else f"{link(path, f'{folder}/compare.html')}#{place}",
    }  # fmt: skip


@lru_cache(maxsize=512)  # the pages of a notebook have the same code
def _highlighted(source: str) -> str:
    from nbconvert.filters import Highlight2HTML  # slow to import, and only pages need it

    return _PLAIN.sub(r"\1", Highlight2HTML(pygments_lexer="ipython3")(source))


def _render_text(notebook: nbformat.NotebookNode, executed: bytes, job: dict, head: dict) -> bytes:
    """Return the page of an executed notebook about no place.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The notebook.
    executed : bytes
        Its file; empty if it is not there.
    job : dict
        The job's record; its ``facts``, the run's versions, are filled in here.
    head : dict
        The run: ``data_hash``, ``data_version`` and ``code_version``.
    """
    w = Words(job["labels"]["lang"])
    job["facts"] = {key: head.get(key) for key in ("data_hash", "data_version", "code_version")}
    headings, fragments = _fragments(notebook, w)
    return filled(
        "text", w, [job], title=job["labels"]["title"], headings=headings, fragments=fragments,
        facts=defaultdict(str, job["facts"]), **of_notebook(job, executed, w),
    )  # fmt: skip


def address(heading: str) -> str:
    """Return a section's address on its page: ``confidence-sets-for-ranks``."""
    return "-".join(re.findall(r"[a-z0-9]+", re.sub(r"<[^<>]*>|&\w{1,32};", "", heading).lower()))


def _fragments(notebook: nbformat.NotebookNode, w: Words) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the addresses and words of the sections, and the markup of text and tables in turn.

    Paragraphs are translated; a section's address is that of its English heading in every language.
    """
    from nbconvert.filters import markdown2html  # slow to import, and only such a page needs it

    headings: list[tuple[str, str]] = []

    def number(found: re.Match) -> str:
        words = _ANCHOR.sub("", found[2])
        if found[1] == "1":
            return ""  # the page's title is its job's
        headings.append((next(addresses), words))
        return f'<h{found[1]} id="{headings[-1][0]}">{words}</h{found[1]}>'

    fragments = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts = paragraphs(cell.source)
            addresses = iter([address(part.lstrip("# ")) for part in parts if re.match("##+ ", part)])
            text = markdown2html("\n\n".join(map(w, parts)))
            fragments.append(_HEADING.sub(number, text))
        fragments += [_scrolling(fragment) for fragment in for_reader(cell, w)[0]]
    return headings, fragments
