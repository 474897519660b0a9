"""The notebooks of the collection: which there are, what they are called, which places they serve."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from nbformat import NotebookNode

from papi_lib import index
from papi_lib.batch.jobs import NotebookError, read_notebook
from papi_lib.page.words import LANGUAGES, Words, mark, paragraphs

#: The notebooks about no place, which every page leads to, and their titles.
TEXTS = {"methods": mark("Methods"), "glossary": mark("What the words mean")}
#: Levels of places that a notebook may serve; the first is that of a notebook whose metadata name none.
LEVELS = ("province", "district", "commune")
#: What programs put into the name of a copy that they make: JupyterLab, Windows, macOS, file browsers, Drive.
_COPY = re.compile(r"[-_ .](copy|bản sao|sao chép)[ \d()]*$|\(.*\)$|^(copy of|bản sao của) ", re.I)


class Notebook:
    """A notebook of the collection, whose file's name is two digits, ``_`` and a name of its own.

    Parameters
    ----------
    path : pathlib.Path
        Its file.

    Attributes
    ----------
    path, stem, key
        Its file, that file's name (``03_accountability``), and its own name (``accountability``).
    fault : str or None
        Why it cannot be run, in one line; None if it can.
    levels : list of str
        Which levels of places it serves, by its metadata field ``papi.levels``; none if that cannot be read.
    dimension : int or None
        Which dimension it is about, by its metadata field ``papi.dimension``; None for none.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.stem, self.key = path, path.stem, path.stem.split("_", 1)[1]
        self.fault: str | None = None
        self._about, self._cells = {}, list[NotebookNode]()
        try:
            found = read_notebook(path)
            own, self._cells = found.metadata.get("papi"), found.cells
            self._about = own if isinstance(own, dict) else {}
        except NotebookError as error:
            self.fault = str(error)
        levels = self._about.get("levels", list(LEVELS[:1]))
        if not (levels and isinstance(levels, list) and all(level in LEVELS for level in levels)):
            self.fault = f"{path.name}: its metadata field papi.levels is {levels!r}; list some of {', '.join(LEVELS)}"
        self.levels: list[str] = [] if self.fault else levels
        number = self._about.get("dimension")
        self.dimension = number if isinstance(number, int) and number in index.names() else None

    def title(self, lang: str) -> str:
        """Return its title: its metadata field ``papi.title`` ({vi, en}), its ``papi.dimension``'s name, its first heading, or its name."""
        if isinstance(own := self._about.get("title"), dict):
            named = [own.get(code) for code in (lang, *LANGUAGES)]
            if text := next((text for text in named if isinstance(text, str) and text.strip()), None):
                return text.strip()
        if self.dimension:
            return f"{self.dimension}. {index.name(self.dimension, lang)}"
        texts = [cell.source for cell in self._cells if cell.cell_type == "markdown"]
        heading = re.search(r"^#+ +(.+?)[ #]*$", "\n".join(texts), re.M)
        return heading[1] if heading else self.key.replace("_", " ").capitalize()


def notebooks(folder: Path) -> list[Notebook]:
    """Return the notebooks of a folder, in order; copies that programs made beside them are none."""
    return [Notebook(path) for path in _files(folder) if path.stem[0].isdecimal() and not is_copy(path)]


def choose(folder: Path, name: str) -> Notebook:
    """Find a notebook by number, name or file.

    Raises
    ------
    ValueError
        There is none, there are several, or it is a copy.
    """
    found, stem = notebooks(folder), name.removesuffix(".ipynb")
    for fits in (
        [n for n in found if n.stem == stem],
        [n for n in found if stem == n.key or (stem.isdecimal() and int(stem) == int(n.stem[:2]))],
    ):
        if len(fits) == 1:
            return fits[0]
        if fits:
            raise ValueError(f"'{name}' is {' and '.join(n.stem for n in fits)}; name the one that is meant")
    if (folder / f"{stem}.ipynb").exists() and is_copy(folder / f"{stem}.ipynb"):
        raise ValueError(_told_of_copy(folder / f"{stem}.ipynb"))
    raise ValueError(f"no notebook '{name}'; there are {', '.join(n.stem for n in found)}")


def titles(folder: Path, lang: str) -> dict[str, str]:
    """Return the title of each notebook by its file's name; of several with one title the later have their own name with it."""
    found: dict[str, str] = {}
    for notebook in notebooks(folder):
        title = notebook.title(lang)
        found[notebook.stem] = f"{title} ({notebook.stem})" if title in found.values() else title
    return found


def remarks(folder: Path) -> list[str]:
    """Return what to tell once about the folder's notebooks, a line each: which are copies."""
    return [_told_of_copy(path) for path in _files(folder) if is_copy(path)]


def translate(notebook: NotebookNode) -> None:
    """Put a notebook's headings into the language that its parameters name, where the catalogue has them; pages translate methods."""
    lang = notebook.metadata.get("papermill", {}).get("parameters", {}).get("lang")
    if lang in LANGUAGES and not notebook.metadata.get("papi", {}).get("translated"):
        for cell in (cell for cell in notebook.cells if cell.cell_type == "markdown"):
            parts = paragraphs(cell.source)
            cell.source = "\n\n".join(Words(lang)(part) if part.startswith("#") else part for part in parts)


def is_copy(path: Path) -> bool:
    """Tell whether a file's name is one that programs give to copies."""
    return bool(_COPY.search(unicodedata.normalize("NFC", path.stem)))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.ipynb") if re.search(r"(^|\s)\d\d_.", path.stem))


def _told_of_copy(path: Path) -> str:
    return f"{path.name}: a copy, so no notebook of the collection; rename it to make it one, as 50_name.ipynb"
