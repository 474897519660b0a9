"""What of a cell's outputs is for the reader, as markup: a page's own sentences, pictures, text, and what was printed."""

from __future__ import annotations

import html
import re
import zlib
from base64 import b64encode
from functools import lru_cache

from nbformat import NotebookNode

from papi_lib.page.words import Words
from papi_lib.site.about import FACTS

#: Tags of cells whose outputs are for analysts, and of those that check a figure.
_ASIDE = {"analyst", "nbval-check-output"}
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
#: So many characters of what one cell printed are shown.
_MOST = 20_000
#: The rule that Matplotlib repeats in each drawing; the site's style sheet has it.
_USUAL = '<style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}</style>'
_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_GROUP = re.compile(r"<g(?: [^<>]*[^<>/])?>|</g>")
_STYLE = re.compile(r' style="([^"{}]+)"')
_ID = re.compile(r' id="([^"]+)"')
_REFERENCE = re.compile(r'(?:url\(#|href="#)([^)"]+)')


def within(tag: str) -> str:
    """Return the expression for what stands in an element up to its end, as a group.

    It reads on no further than to the next element of the name, so that many that are never closed take no longer.
    """
    return rf"([^<]*+(?:<(?!/?{tag}\b)[^<]*+)*+)"


_TABLE = re.compile(rf"<table\b[^<>]*>{within('table')}</table>")
_DRAWING = re.compile(rf"(<svg\b[^<>]*>){within('svg')}(?=</svg>)")


def for_reader(cell: NotebookNode, w: Words) -> tuple[list[str], int]:
    """Return the markup of a cell's outputs that are for the reader, and how many others it has that it was not told to have.

    Others are what was written to standard error, values that no one displays (``Out``), widgets, and
    what is printed beyond what a page holds. Those of cells tagged ``analyst`` or ``nbval-check-output``
    are meant to be left out.
    """
    if _ASIDE & set(cell.metadata.get("tags", [])):
        return [], 0
    shown, left_out = [], 0
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            continue
        found = _printed(output.text) if output.get("name") == "stdout" else _displayed(output.get("data", {}), w)
        shown += [found] if found else []
        left_out += found is None or len(output.get("text", "")) > _MOST
    return shown, left_out


def _table(body: str, w: Words) -> str:
    """Return a table of pandas in the site's look and the page's language; empty cells of its head are no headers."""

    def told(found: re.Match) -> str:
        text = html.unescape(found[2])
        if re.fullmatch(r"-?\d+\.\d+", text):
            text = w.number(float(text), len(text.partition(".")[2]))
        return f"{found[1]}{html.escape({'NaN': '–', 'None': '–'}.get(text) or w(text))}<"

    body = re.sub(r"(<t[hd][^<>]*>)([^<]+)<", told, body)
    body = re.sub(r"<tr [^<>]*>", "<tr>", body).replace("<th></th>", "<td></td>")
    return f'<div class="drawing" tabindex="0"><table class="figures">{body}</table></div>'


def _printed(text: str) -> str:
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]", "", text)
    return f"<pre>{html.escape(text[:_MOST])}{'…' if text[_MOST:] else ''}</pre>" if text.strip() else ""


def _displayed(data: dict, w: Words) -> str | None:
    """Return the richest form of what was displayed; None if no form of it is for a page."""
    if "text/html" in data:
        shown = data["text/html"]
        return "".join(_table(own, w) for own in _TABLE.findall(shown)) if 'class="dataframe"' in shown else shown
    for kind in _PICTURES:
        if kind in data:
            content = data[kind]
            if kind == "image/svg+xml":
                content = b64encode(content.encode()).decode()
            alt = w("A picture without a description.")
            return f'<p class="picture"><img src="data:{kind};base64,{html.escape("".join(content.split()))}" alt="{html.escape(alt)}"></p>'
    if "text/markdown" in data:
        return re.sub(r"<(/?)h1\b", r"<\1h2", _markdown()(data["text/markdown"]))
    return "" if FACTS in data else None


@lru_cache(maxsize=1)
def _markdown():
    import mistune  # only notebooks of one's own display Markdown

    return mistune.create_markdown(escape=True, plugins=["table"])


def slim(fragment: str, styles: dict[str, str]) -> str:
    """Return markup whose ``<svg>`` elements share the page's style rules, without the ids and groups they do not need.

    Parameters
    ----------
    fragment : str
        HTML with any number of inline drawings; all else is left as it is.
    styles : dict of str to str
        The page's rules, from class to declarations; those needed are added. A class is named after
        its declarations, so that pages put together do not clash.
    """
    return _DRAWING.sub(lambda m: m[1] + _slim(m[2].replace(_USUAL, ""), styles), fragment)


def _slim(drawing: str, styles: dict[str, str]) -> str:
    needed = set(_REFERENCE.findall(drawing))

    def rule(found: re.Match) -> str:
        declarations = html.unescape(found[1])
        if re.search("[<{}]", declarations):  # what would end the rule, or the style sheet
            return ""
        name = f"s{zlib.crc32(declarations.encode()):x}"
        styles[name] = declarations
        return f' class="{name}"'

    def tag(found: re.Match) -> str:
        text = _ID.sub(lambda m: m[0] if m[1] in needed else "", found[0])
        return text if " class=" in text else _STYLE.sub(rule, text)

    kept: list[bool] = []

    def group(found: re.Match) -> str:
        if found[0] == "</g>":
            return found[0] if not kept or kept.pop() else ""
        kept.append(found[0] != "<g>")
        return found[0] if kept[-1] else ""

    return _GROUP.sub(group, _TAG.sub(tag, drawing).replace("<g/>", "")).replace(">\n", ">").replace("\n<", "<")
