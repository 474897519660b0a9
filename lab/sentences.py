"""Babel's hooks for `make messages`: which texts of code and notebooks are sentences to translate."""

import ast
import io
from collections.abc import Iterator

import nbformat

from papi_lib.page.words import paragraphs

#: The functions that take sentences to translate, and at which places among their arguments.
SENTENCES = dict.fromkeys(("w", "words", "self", "mark", "title", "lead", "ask", "say", "note"), (0,)) | {
    "table": (1,), "workbook": (1,), "items_table": (2,), "picture": (1, 2),
}  # fmt: skip
#: The formats that follow a table's header: see `papi_lib.page.words`.
FORMATS = ("", "n", "0", "1", "2", "3", "+0", "+1", "+2", "%", "part", "full", "place", "list")


def extract(fileobj, keywords, comment_tags, options) -> Iterator[tuple]:
    """Extract what to translate from code: Babel's hook for ``*.py``.

    These are the sentences among the arguments of `SENTENCES`, and the headers of tables, which stand before a format.
    """
    for node in ast.walk(ast.parse(fileobj.read())):
        sought: list[ast.expr] = []
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            sought = [node.args[at] for at in SENTENCES.get(name, ()) if at < len(node.args)]
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2 and getattr(node.elts[1], "value", None) in FORMATS:
            sought = node.elts[:1]
        for text in (
            part for one in sought for part in ((one.body, one.orelse) if isinstance(one, ast.IfExp) else (one,))
        ):
            if isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value:
                yield text.lineno, None, text.value, []


def extract_notebook(fileobj, keywords, comment_tags, options) -> Iterator[tuple]:
    """Extract what to translate from a notebook: Babel's hook for ``*.ipynb``.

    These are sentences in code cells, headings of reports and, where the notebook's metadata say ``papi.translated``,
    all paragraphs of its text.
    """
    notebook = nbformat.reads(fileobj.read().decode("utf-8"), as_version=4)
    source = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    yield from extract(io.BytesIO(source.encode("utf-8")), keywords, comment_tags, options)
    about = notebook.metadata.get("papi", {})
    text = [part for cell in notebook.cells if cell.cell_type == "markdown" for part in paragraphs(cell.source)]
    yield from ((1, None, part, []) for part in text if about.get("translated") or (about and part.startswith("#")))
