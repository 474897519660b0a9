"""A year's figures from a workbook's lines, proved by their sums.

Scores are lines whose number and scale are those of the year's structure. Of the lines without a number the total is
the one that the dimensions add up to. An interval is two lines around a score, and its standard error the line that
fits its width: the programme's "95%" intervals are the score ± 1.645 standard errors, which is a 90% interval. What is
left under a score are its indicators, and above all scores what is not known.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from papi_lib import places
from papi_lib.datafiles import DataError
from papi_lib.workbooks.layout import LEAST, Label, Sheet, name

#: A published interval is so many standard errors wide.
WIDTH = 2 * 1.645
_ROUNDED = 0.006  # points that a printed score may be off
_ERROR = re.compile("standard error|sai so")


@dataclass
class Figures:
    """What sheets hold of a year: tables as those of the data package, by name; in words; and what is to be told."""

    tables: dict[str, pd.DataFrame]
    found: list[str]
    notes: list[str]


def figures(year: int, sheets: list[Sheet], structure: pd.DataFrame) -> Figures:
    """Return what sheets of one workbook hold of a year.

    Parameters
    ----------
    year : int
        The year.
    sheets : list of Sheet
        All that are of it.
    structure : pandas.DataFrame
        The year's parts, from `papi_lib.index.structure`.

    Returns
    -------
    Figures
        Tables ``scores``, ``standard-errors``, ``weighted-totals``, ``indicator-names``, ``indicators``.

    Raises
    ------
    papi_lib.datafiles.DataError
        A part is missing, or stands twice with different figures; sub-dimensions do not add up to their dimension, or
        dimensions to the total.
    """
    lines = _Lines(year, sheets, structure)
    parts, sums = lines.proved()
    errors, total, weighted = {}, lines.total(sums.sum(axis=1, skipna=False)), None
    if total is not None:
        errors["total"], _ = lines.error("the total", total, lines.blocks[()])
        weighted = lines.weighted(total)
    for code, key in lines.keys.items():
        errors[str(key)], _ = lines.error(str(key), lines.scores[key], lines.blocks[code])
    errors = {part: se for part, se in errors.items() if se is not None}
    for at in lines.blocks.pop(()):
        lines.tell(f"{lines.labels[at]} is not known; not taken", at)
    names, values = lines.indicators()
    scores = parts.rename_axis(columns="subdimension").stack().dropna().rename("score").reset_index()
    tables = {
        "scores": structure[["dimension", "subdimension"]].merge(scores).sort_values("province_code", kind="stable"),
        "standard-errors": _tall("part", {part: se.rename("se").to_frame() for part, se in errors.items()}, "se"),
        "weighted-totals": _tall("kind", {} if weighted is None else {"": weighted}, "score", "se").drop(
            columns="kind"
        ),
        "indicator-names": names,
        "indicators": _tall("indicator", values, "value"),
    }
    found = [f"{parts.notna().any(axis=1).sum()} provinces", f"{len(structure)} sub-dimensions in {len(sums.columns)} dimensions"]  # fmt: skip
    found += ["the total"] * (total is not None) + ["the weighted total"] * (weighted is not None)
    found += [f"standard errors of {', '.join(errors)}"] * bool(errors) + [f"{len(names)} indicators"] * bool(len(names))  # fmt: skip
    return Figures({key: table.assign(year=year) for key, table in tables.items()}, found, lines.notes)


class _Lines:
    """A year's lines, of which one kind after the other is taken until those are left that are not known."""

    def __init__(self, year: int, sheets: list[Sheet], structure: pd.DataFrame) -> None:
        self.year, self.structure, self.where = year, structure, sheets[0].where
        self.notes = [note for sheet in sheets for note in sheet.notes]
        self.keys: dict[tuple, int | str] = {(int(d),): int(d) for d in structure["dimension"].unique()}
        self.keys |= {(int(p.dimension), int(p.position)): p.subdimension for p in structure.itertuples()}
        self.scores: dict[int | str, pd.Series] = {}
        #: Lines without a number by their place, by the number of the score above them: none above the first.
        self.blocks: dict[tuple, dict[str, pd.Series]] = defaultdict(dict)
        self.labels: dict[str, Label] = {}
        zeros = pd.Series(dtype=int)
        for sheet in sheets:
            above: tuple = ()
            for place, label in sheet.labels.items():
                at, values = f"{place} of '{sheet.title}'" if len(sheets) > 1 else place, sheet.values.loc[place]
                why = self._no_score(label, values.where(values != 0))
                if not why:
                    above, key = label.code, self.keys[label.code]
                    lines = [self.scores.get(key, values.where(values != 0)), values.where(values != 0)]
                    self.scores[key] = max(lines, key=lambda line: (line.round(3) != line).sum())
                    zeros = zeros.add(values.eq(0).astype(int), fill_value=0)
                    continue
                if label.code:
                    self.tell(f"{label} is taken for no score, because {why}", at)
                if not above or not any(
                    label == self.labels[o] and values.equals(line) for o, line in self.blocks[above].items()
                ):
                    self.blocks[above][at], self.labels[at] = values, label
        if len(who := zeros.index[zeros > 0]):
            self.tell(f"{zeros.sum():.0f} scores are zero, which is below the scale, and taken as missing: {', '.join(name(code, year) for code in who)}")  # fmt: skip

    def _no_score(self, label: Label, values: pd.Series) -> str:
        """Return why a line is no score; nothing if it is one."""
        key = self.keys.get(label.code or ())
        if key is None:
            return f"{self.year} has no such part"
        own = self.structure[self.structure["subdimension"] == key]
        span = (1, 10) if own.empty else own[["lower", "upper"]].iloc[0]
        if label.scale and ("%" in label.scale or not np.allclose(_ends(label.scale), span, atol=0.01)):
            return f"the scale {label.scale} is not its"
        if key in self.scores and (self.scores[key] - values).abs().gt(_ROUNDED).any():
            return "another line of its number has other figures"
        return ""

    def tell(self, what: str, at: str = "") -> None:
        self.notes.append(f"{self.where}{f', {at}' if at else ''}: {what}")

    def _prove(self, what: str, own: pd.Series, said: pd.Series, tolerance: float = 4 * _ROUNDED) -> None:
        wrong = (own - said).abs().gt(tolerance) | said.notna() & own.isna()
        if wrong.any():
            at = wrong.idxmax()
            raise DataError(f"{self.where}: {what} give {own[at]:.7g} in {name(at, self.year)}, where {said[at]:.7g} stands ({wrong.sum()} such provinces); nothing of {self.year} is taken")  # fmt: skip

    def proved(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the scores of sub-dimensions and dimensions."""
        lacking = [f"{code[0]}.{code[1]}" for code, key in self.keys.items() if len(code) == 2 and key not in self.scores]  # fmt: skip
        if lacking:
            raise DataError(f"{self.where}: no line {', '.join(lacking)} of {self.year}; nothing of the year is taken")
        parts, sums = pd.DataFrame({key: self.scores[key] for key in self.structure["subdimension"]}), {}
        for d, own in self.structure.groupby("dimension")["subdimension"]:
            some = parts[own].isna().nunique(axis=1) > 1
            if some.any():
                raise DataError(f"{self.where}: {name(some.idxmax(), self.year)} has only some sub-dimensions of dimension {d}; nothing of {self.year} is taken")  # fmt: skip
            sums[int(d)] = parts[own].sum(axis=1, skipna=False)
            if d in self.scores:
                self._prove(f"the sub-dimensions of dimension {d}", sums[d], self.scores[d])
            else:
                self.tell(f"no line of dimension {d}; the sum of its sub-dimensions is not proved")
        self.scores |= sums
        return parts, pd.DataFrame(sums)

    def total(self, sums: pd.Series) -> pd.Series | None:
        """Take out the line that is the sum of the dimensions; return the sum."""
        for block in self.blocks.values():
            for at, line in block.items():
                known = line.gt(0) & sums.notna()
                if (line - sums).abs()[known].lt(8 * _ROUNDED).mean() > 0.5:
                    self._prove("the dimensions", sums, line.where(known), 8 * _ROUNDED)
                    del block[at]
                    return sums
        self.tell("no line is the sum of the dimensions; the total is not proved")
        return None

    def weighted(self, total: pd.Series) -> pd.DataFrame | None:
        """Take out the one other line like the total: the one that has an interval, or that is alone."""
        head = self.blocks[()]
        like = [at for at, line in head.items() if (line / total - 1).abs().dropna().lt(0.2).all()]
        for at in like:
            rest = {other: line for other, line in head.items() if other != at}
            error, has_interval = self.error("the weighted total", head[at], rest)
            if has_interval or len(like) == 1:
                score, self.blocks[()] = head[at], rest
                return pd.DataFrame({"score": score.where(score > 0), "se": error})
        return None

    def error(self, what: str, score: pd.Series, block: dict[str, pd.Series]) -> tuple[pd.Series | None, bool]:
        """Take a score's interval and standard error out of the lines under it; return the error, and if it has the former."""  # fmt: skip

        def between(line, low, high) -> bool:
            known = np.isfinite(line) & np.isfinite(score)
            return known.sum() >= LEAST and bool(((line > low) & (line < high))[known].all())

        order, width, spots = list(block), None, set()
        below, above = ([at for at in order if between(block[at], *ends)] for ends in ((0, score), (score, np.inf)))
        for low, high in product(below, above):
            middle, slack = (block[low] + block[high]) / 2, 0.05 * (block[high] - block[low])
            if between(middle, score - slack, score + slack):
                width = (block.pop(high) - block.pop(low)) / WIDTH
                spots = {order.index(at) + step for at in (low, high) for step in (-1, 1)}
                break
        small = {at: line.where(line > 0) for at, line in block.items() if between(line.where(line > 0), 0, score / 10)}
        at = next((at for at in small if (order.index(at) in spots if spots else _ERROR.search(places.plain(str(self.labels[at]))))), None)  # fmt: skip
        if at is None:
            if width is not None:
                self.tell(f"{what} has an interval and no standard error; its width divided by {WIDTH} is taken")
            return width, width is not None
        del block[at]
        if width is not None and (wrong := (small[at] - width).abs() > 0.02 * width + _ROUNDED).any():
            spot = wrong.idxmax()
            self.tell(f"the standard error of {what} and its interval disagree in {wrong.sum()} provinces (in {name(spot, self.year)} {small[at][spot]:.6g}, and the width divided by {WIDTH} is {width[spot]:.6g}); the standard error is taken", at)  # fmt: skip
        return small[at], width is not None

    def indicators(self) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
        """Return the names and values of the lines that are left, by the number they stand under and their place there."""
        names, values, zeros = [], {}, 0
        for code in sorted(self.blocks):
            for n, (at, line) in enumerate(self.blocks[code].items(), 1):
                label, scored = self.labels[at], self.scores[self.keys[code]].notna()
                line = line.where((line != 0) | scored)
                if label.scale is not None:
                    low, high = _ends(label.scale)
                    line = line.where((line != 0) | (low <= 0))
                    if not line.dropna().between(low - _ROUNDED, high + _ROUNDED).all():
                        self.tell(f"{label} has {line.min():g} to {line.max():g} on the scale {label.scale}; not taken", at)  # fmt: skip
                        continue
                zeros += int(line.eq(0).sum())
                key = f"{code[0]}.{code[1] if len(code) == 2 else 0}.{n}"
                names.append((key, str(self.keys[code]), *label[1:]))
                values[key] = line.rename("value").to_frame()
        if zeros:
            self.tell(f"{zeros} indicators are zero where the score above them is published; taken as zero, though some may be missing")  # fmt: skip
        return pd.DataFrame(names, columns=["indicator", "part", "name_vi", "name_en", "scale"]), values


def _ends(scale: str) -> list[float]:
    """Return the ends of a scale; those of percentages as shares."""
    return [float(end.strip("%")) / (100 if "%" in scale else 1) for end in scale.split("-")]


def _tall(key: str, frames: dict[str, pd.DataFrame], *columns: str) -> pd.DataFrame:
    """Return frames by province below each other, their names in the column `key`, without rows that lack the first."""
    tall = pd.concat([frame.reset_index().assign(**{key: at}) for at, frame in frames.items()] or [pd.DataFrame()])
    return tall.reindex(columns=["province_code", key, *columns]).dropna(subset=columns[0])
