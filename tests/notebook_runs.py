"""Run a report notebook's cells in the test's own process: what they compute, and what a reader is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape

import nbformat
import pytest
from conftest import ROOT

from papi_lib.page.page import Page


@dataclass
class Run:
    """A notebook after its cells have run.

    Attributes
    ----------
    values : dict
        What the cells computed, by name.
    shown : list of str
        What the page showed, as HTML.
    cells : list of str
        The sources of the code cells.
    """

    values: dict
    shown: list[str] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What was shown outside of pictures, without tags."""
        pages = re.sub(r"<svg.*?</svg>", "", " ".join(self.shown), flags=re.S)
        return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", pages)))

    @property
    def alts(self) -> list[str]:
        """What is read out in place of pictures."""
        return [
            unescape(alt) for alt in dict.fromkeys(re.findall(r'<svg [^>]*aria-label="([^"]*)"', " ".join(self.shown)))
        ]

    def again(self, *about: str, **values: object) -> Run:
        """Run again the cells that hold each of some texts, in this order, with some values replaced."""
        found = [[source for source in self.cells if text in source] for text in about]
        assert [len(sources) for sources in found] == [1] * len(about)
        made = Run(self.values | values, [], sum(found, []))
        _run(made.cells, made.values, made.shown)
        return made


def run(notebook: str, **parameters: object) -> Run:
    """Run a notebook with parameters."""
    cells = [c for c in nbformat.read(ROOT / "notebooks" / f"{notebook}.ipynb", 4).cells if c.cell_type == "code"]
    sources = [c.source for c in cells]
    at = next(i for i, c in enumerate(cells) if "parameters" in c.metadata.get("tags", []))
    sources.insert(at + 1, "\n".join(f"{name} = {value!r}" for name, value in parameters.items()))
    made = Run({}, [], sources)
    _run(sources, made.values, made.shown)
    return made


def _run(sources: list[str], values: dict, shown: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Page, "_html", staticmethod(lambda fragment, more=None: shown.append(fragment)))
        for source in sources:
            exec(compile(source, "cell", "exec"), values)  # what a kernel does
