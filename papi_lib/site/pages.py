"""The page of one executed notebook: what is for the reader, the lists that it is in, where it comes from.

A notebook about no place, as the one on methods, is written to be read: its page has its text and tables, no code.
"""

from __future__ import annotations

import html
import json
import re
import zlib
from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import nbformat
from nbformat import NotebookNode

from papi_lib.page.words import Words, paragraphs
from papi_lib.site.files import FACTS, fault, filled, full_name, link, of_notebook, read_facts, split_path, templates

if TYPE_CHECKING:
    from bs4 import Tag

#: Tags of cells whose outputs are for analysts, and of those that check a figure.
_ASIDE = {"analyst", "nbval-check-output"}
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
#: So many characters of what one cell printed are shown.
_MOST = 20_000
#: The rule that Matplotlib repeats in each drawing; the site's style sheet has it.
_USUAL = '<style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}</style>'
_TAG = re.compile(r"<[a-zA-Z][^<>]*>")
_GROUP, _BLANK = re.compile(r"<g(?: [^<>]*[^<>/])?>|</g>"), re.compile(r"(?<=>)\n+|\n+(?=<)|<g/>")
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

    return _BLANK.sub("", _GROUP.sub(group, _TAG.sub(tag, drawing)))


_QUESTION = re.compile(rf'<h2(?: data-method="([a-z0-9-]+)")?>{within("h2")}</h2>')
_FIGURES = re.compile(rf'(?<!tabindex="0">)<table class="figures[^"<>]*">{within("table")}</table>')
_ANCHOR = re.compile(rf'<a class="anchor-link"{within("a")}</a>')
#: Code that has no colour of its own.
_PLAIN = re.compile(r'<span class="(?!(?:k|kn|kc|ow|s1|s2|mi|mf|c1)")\w*">([^<]*)</span>')
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
        how many outputs the page leaves out (see `papi_lib.site.pages.for_reader`).
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
        return f'<h2 id="{headings[-1][0]}">{found[2]}</h2>{way(root, w, found[1], html.unescape(found[2])) if found[1] else ""}'

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
    broken = broken and html.unescape(broken)
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


_SVG = re.compile(r"<svg\b.*?</svg>", re.S)


class Cell(NamedTuple):
    """A cell of a table: its text in the page's language, and the classes that tell how it looks."""

    text: str
    looks: tuple[str, ...] = ()


class Block(NamedTuple):
    """One piece of a page.

    Attributes
    ----------
    kind : str
        ``finding``, ``note``, ``lead``, ``simulated``, ``print``, ``table`` or ``picture``.
    text : str
        The sentence, or the caption of a table or picture.
    rows : list of list of Cell
        A table's rows, or those of the figures behind a picture; the header is the first.
    drawing, alt : str
        A picture as SVG, and what it shows in words.
    """

    kind: str
    text: str
    rows: Sequence[Sequence[Cell]] = ()
    drawing: str = ""
    alt: str = ""


class Section(NamedTuple):
    """A question of a page and the blocks that answer it; what stands before the first has no question."""

    question: str
    blocks: list[Block]


def sections(notebook: NotebookNode, w: Words) -> list[Section]:
    """Return what an executed notebook tells a reader in a page's language, by question."""
    made = [Section("", [])]
    for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
        for fragment in for_reader(cell, w)[0]:
            for found in _read(fragment):
                if isinstance(found, Block):
                    made[-1].blocks.append(found)
                else:
                    made.append(Section(found, []))
    return made


def blocks(markup: str) -> list[Block]:
    """Return the blocks of a part of a page."""
    return [found for found in _read(markup) if isinstance(found, Block)]


def _read(markup: str) -> Iterator[Block | str]:
    """Yield the blocks of markup, and the texts of its headings."""
    from bs4 import BeautifulSoup  # slow to import, and pages do without

    drawings = _SVG.findall(markup)
    for tag in BeautifulSoup(_SVG.sub("<svg></svg>", markup), "html.parser").find_all(True):
        if tag.name == "h2":
            yield _text(tag)
        elif found := _block(tag, drawings):
            yield found


def _block(tag: Tag, drawings: list[str]) -> Block | None:
    """Return the block that begins at an element, taking its drawing; None if none does."""
    if tag.name == "figure" and drawings:
        drawing, caption, table = drawings.pop(0), tag.find("figcaption"), tag.find("table")
        about = re.search(r'\baria-label="([^"]*)"', drawing.partition(">")[0])
        return Block("picture", _text(caption), _rows(table), drawing, html.unescape(about[1]) if about else "")
    if tag.find_parent("figure"):
        return None
    if tag.name == "table":
        return Block("table", _text(tag.find("caption")), _rows(tag))
    if tag.name == "pre":
        return Block("print", tag.get_text())
    if tag.name in ("p", "li") and (text := _text(tag)) and not tag.find("a", class_="csv"):
        kind = tag.get("class") or ["finding"]
        return Block(kind[0], text)
    return None


def _rows(table: Tag | None) -> list[list[Cell]]:
    rows = table.find_all("tr") if table else []
    return [[Cell(_text(c), tuple(c.get("class") or ())) for c in row.find_all(["th", "td"])] for row in rows]


def _text(tag: Tag | None) -> str:
    return " ".join(tag.get_text().split()) if tag else ""


def value(text: str, w: Words) -> float | int | str | None:
    """Return the number that a page's text is, in its language; None for a dash, the text where it is none.

    Examples
    --------
    >>> value("−1.234,50", Words("vi")), value("34%", Words("en")), value("–", Words("vi"))
    (-1234.5, 0.34, None)
    """
    if text in ("", "–"):
        return None
    point, group = w.number(0.5, 1)[1], w.number(1000, 0)[1]
    plain = text.replace("−", "-").replace(group, "").replace(point, ".").lstrip("+")
    if not re.fullmatch(r"-?\d+(\.\d+)?%?", plain):
        return text
    number = float(plain.rstrip("%"))
    return number / 100 if plain.endswith("%") else int(number) if "." not in plain else number
