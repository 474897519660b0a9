"""The page of a notebook that is written to be read, as the one on methods: its text, its tables, no code."""

from __future__ import annotations

import re
from collections import defaultdict

from nbformat import NotebookNode

from papi_lib.page.words import Words, paragraphs
from papi_lib.site.files import as_page, of_notebook, templates
from papi_lib.site.outputs import tables


def render_text(notebook: NotebookNode, executed: bytes, job: dict, head: dict) -> bytes:
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
    text = templates().get_template("text.html.j2").render(
        w=w,
        lang=w.lang,
        title=job["labels"]["title"],
        headings=headings,
        fragments=fragments,
        facts=defaultdict(str, job["facts"]),
        **of_notebook(job, executed, w),
    )  # fmt: skip
    return as_page(text, [job])


def address(heading: str) -> str:
    """Return a section's address on its page: ``confidence-sets-for-ranks``."""
    return "-".join(re.findall(r"[a-z0-9]+", re.sub(r"<[^>]*>|&\w+;", "", heading).lower()))


def _fragments(notebook: NotebookNode, w: Words) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the addresses and words of the sections, and the markup of text and tables in turn.

    Paragraphs are translated; a section's address is that of its English heading in every language.
    """
    from nbconvert.filters import markdown2html  # slow to import, and only such a page needs it

    headings: list[tuple[str, str]] = []

    def number(found: re.Match) -> str:
        words = re.sub(r'<a class="anchor-link".*?</a>', "", found[2], flags=re.S)
        if found[1] == "1":
            return ""  # the page's title is its job's
        headings.append((next(addresses), words))
        return f'<h{found[1]} id="{headings[-1][0]}">{words}</h{found[1]}>'

    fragments = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts = paragraphs(cell.source)
            addresses = iter([address(part.lstrip("# ")) for part in parts if re.match("##+ ", part)])
            markup = markdown2html("\n\n".join(map(w, parts)))
            fragments.append(re.sub(r"<h([1-6])[^>]*>(.*?)</h\1>", number, markup, flags=re.S))
        for output in cell.get("outputs", []):
            fragments += tables(output.get("data", {}).get("text/html", ""))
    return headings, fragments
