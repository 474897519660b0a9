"""Workbooks into the data package: what is new is written; what differs is shown, and written only when asked to.

The changed package is made beside the old one and checked as a whole before its files take their places together.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from papi_lib import atomic, datafiles, index, indicators, published
from papi_lib.datafiles import DataError
from papi_lib.workbooks.figures import Figures, figures
from papi_lib.workbooks.layout import Sheet, name, read, year_in

#: Figures that differ by less are the same, written with another number of digits.
SAME = 5e-7
#: A table's key and values, and whether nothing is added unasked to a year that it has.
_TABLES = {
    "scores": (["province_code", "dimension", "subdimension"], ["score"], True),
    "standard-errors": (["province_code", "part"], ["se"], False),
    "weighted-totals": (["province_code"], ["score", "se"], False),
    "indicator-names": (["indicator"], ["part", "name_vi", "name_en", "scale"], True),
    "indicators": (["province_code", "indicator"], ["value"], True),
}
#: Tables with a file for each year: where it is.
_YEARLY = {"scores": "published/{}.csv", "indicators": "published/indicators/{}.csv"}


@dataclass
class Outcome:
    """What an import did.

    Attributes
    ----------
    found, told, differs : list of str
        What stands in the workbooks; what is not known or not taken; stored figures beside others.
    refused : bool
        Whether a year of a workbook was not taken because it does not add up.
    written : list of pathlib.Path
        Files that changed.
    """

    found: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    refused: bool = False


def bring(paths: list[Path], out: Path | None = None, year: int | None = None, edition: int | None = None, replace: bool = False) -> Outcome:  # fmt: skip
    """Take workbooks into the data package.

    Parameters
    ----------
    paths : list of pathlib.Path
        Workbooks as the programme published them. A year that several have is taken from its own.
    out : pathlib.Path, optional
        Folder of the package to change; a new one becomes a changed copy. By default the package in use.
    year : int, optional
        Only this year; the year of a workbook that does not tell its own.
    edition : int, optional
        Edition whose structure a year has that is new to the package.
    replace : bool
        Write also what differs from what is stored.

    Returns
    -------
    Outcome

    Raises
    ------
    papi_lib.datafiles.DataError
        A workbook cannot be read without doubt, or the package would not be as it should be; nothing is written.
    """
    target = datafiles.folder() if out is None else out
    base = target if (target / "datapackage.json").exists() else datafiles.folder()
    if base != target and target.exists():
        raise DataError(f"{target}: is no data package; give the folder of one, or a new name")
    with _package(base):
        run = _Import(edition, replace)
        for path in paths:
            run.add(path, year)
        files = run.files()
        if files:
            _write(base, target, files, list(run.changed), list(run.sources))
            run.outcome.written = [target / path for path in files]
    return run.outcome


@contextmanager
def _package(folder: Path) -> Iterator[None]:
    """Let the library read another data folder."""
    before = os.environ.get("PAPI_DATA")
    os.environ["PAPI_DATA"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["PAPI_DATA"]
        else:
            os.environ["PAPI_DATA"] = before


class _Import:
    """Workbooks by year, and the tables that they change."""

    def __init__(self, edition: int | None, replace: bool) -> None:
        self.edition = edition if edition is None else index.check_year(edition)
        self.replace, self.outcome, self.package = replace, Outcome(), datafiles.package()
        self.sources: dict[int, list[tuple[bool, list[Sheet]]]] = defaultdict(list)
        self.changed: dict[str, pd.DataFrame] = {}

    def add(self, path: Path, only: int | None) -> None:
        """Read a workbook, and tell of which years its sheets are."""
        sheets, told = read(path)
        self.outcome.told += told
        if not sheets:
            raise DataError(f"{path}: no sheet has provinces; give a workbook of the programme")
        of, own = {sheet.title: year_in(sheet.title) for sheet in sheets}, year_in(path.name)
        years = set(of.values()) - {None}
        if len(years) > 1:
            self.outcome.told += [f"{s.where}: tells no year, as the others do; not taken" for s in sheets if of[s.title] is None]  # fmt: skip
            if only not in (None, *years):
                raise DataError(f"{path}: has no sheet of {only}; there are {', '.join(map(str, sorted(years)))}")
            chosen = {y: [s for s in sheets if of[s.title] == y] for y in years if only in (None, y)}
        else:
            years = {only} if only else years | ({own} - {None})
            alike = [y for y in years if len(years) > 1 and self._is_stored(y, sheets)]
            if len(alike) == 1:
                self.outcome.told.append(f"{path.name}: file and sheet tell {' and '.join(map(str, sorted(years)))}; the figures are those stored for {alike[0]}")  # fmt: skip
                years = set(alike)
            if len(years) != 1:
                tell = " and ".join(map(str, sorted(years))) if years else "no year"
                raise DataError(f"{path}: file and sheets tell {tell}; say the year with --year")
            chosen = dict.fromkeys(years, sheets)
        for y, its in chosen.items():
            self.sources[y].append((own != y, its))

    @staticmethod
    def _is_stored(year: int, sheets: list[Sheet]) -> bool:
        """Return whether nearly all scores of sheets are those stored for a year."""
        try:
            new = figures(year, sheets, index.structure(year)).tables["scores"]
        except ValueError:
            return False
        both = new.merge(published.load(year), on=["province_code", "subdimension"])
        return (both["score_x"] - both["score_y"]).abs().lt(0.006).mean() > 0.9

    def files(self) -> dict[str, bytes]:
        """Return the package's files that change, by path."""
        known, taken = index.years(), []
        for year, sources in sorted(self.sources.items()):
            if year not in known and self.edition is None:
                raise DataError(f"{year} is new: say whose structure it has, as with --edition {index.edition(known[-1])} for that of {known[-1]}")  # fmt: skip
            first = None
            for _, sheets in sorted(sources, key=lambda source: source[0]):
                try:
                    new = figures(year, sheets, index.structure(year if year in known else self.edition))
                except DataError as fault:
                    self.outcome.told.append(str(fault))
                    self.outcome.refused = True
                    continue
                again = f"; repeated, {_repeats(first, new)}" if first else ""
                self.outcome.found.append(f"{sheets[0].where}: {year}, {', '.join(new.found)}{again}")
                self.outcome.told += new.notes
                first = first or new
                self._merged(sheets[0])
            if first:
                taken.append(year)
                self._take(year, first)
        if fresh := [year for year in taken if year not in known]:
            self.changed["years"] = pd.concat([datafiles.read("years"), pd.DataFrame({"year": fresh, "edition": self.edition})])  # fmt: skip
        self.sources = {year: self.sources[year] for year in taken}
        about = {resource["name"]: resource for resource in self.package["resources"]}
        files = {about[table]["path"]: _csv(frame, about[table]["schema"]) for table, frame in self.changed.items()}
        if self.package != datafiles.package():
            files["datapackage.json"] = (json.dumps(self.package, ensure_ascii=False, indent=2) + "\n").encode()
        return files

    def _merged(self, sheet: Sheet) -> None:
        """Hold the provinces of 2025 that a sheet assigns against the stored ones, which a decision gives."""
        if len(new := sheet.merged):
            stored = datafiles.read("provinces").set_index("province_code")["merged_2025"][new.index]
            self.outcome.found.append(f"{sheet.where}: {len(new)} provinces assigned to {new.nunique()} of 2025, {(new == stored).sum()} as stored")  # fmt: skip
            self.outcome.differs += [f"province of 2025, {name(code)}: stored {stored[code]}, workbook {new[code]}; the decision holds, so never written" for code in new.index[new != stored]]  # fmt: skip

    def _stored(self, table: str, columns: pd.Index) -> pd.DataFrame:
        if table in self.changed:
            return self.changed[table]
        return datafiles.read(table) if table in datafiles.resource_names() else pd.DataFrame(columns=columns)

    def _take(self, year: int, new: Figures) -> None:
        """Put a year's figures into the tables that change, as far as they are new or may replace."""
        renamed = False
        for table, (key, values, whole) in _TABLES.items():
            target = f"{table}-{year}" if table in _YEARLY else table
            stored = self._stored(target, new.tables[table].columns)
            old = stored[stored["year"] == year].set_index(key)
            fresh = new.tables[table].set_index(key)
            if table.startswith("indicator") and self.replace and renamed:
                old = old.iloc[:0]  # its keys meant other lines
            both, added = old.index.intersection(fresh.index), fresh.index.difference(old.index, sort=False)
            differ = [at for at, *same in zip(both, *(_same(old.loc[both, v], fresh.loc[both, v]) for v in values), strict=True) if not all(same)]  # fmt: skip
            differ += list(added) if whole and len(old) else []
            self.outcome.differs += [f"{year}, {table}, {_place(key, at)}: stored {_shown(old, at, values)}, workbook {_shown(fresh, at, values)}" for at in differ]  # fmt: skip
            renamed |= table == "indicator-names" and bool(differ)
            if self.replace and (differ or len(added)):
                result = [fresh, old[~old.index.isin(fresh.index)]]
            elif len(added) and not (whole and len(old)):
                result = [old, fresh.loc[added]]
            else:
                continue
            rows = pd.concat([frame for frame in result if len(frame)]).reset_index()
            self.changed[target] = pd.concat([frame for frame in (stored[stored["year"] != year], rows) if len(frame)])
            if table == "scores":
                self._gaps(year, rows, new.tables["gaps"] if old.empty else None)
            if table in _YEARLY and target not in datafiles.resource_names():
                self._list(table, year)
        if lost := set(map(tuple, new.tables["gaps"][["province_code", "dimension"]].to_numpy())) & set(map(tuple, self._stored(f"scores-{year}", pd.Index([]))[["province_code", "dimension"]].to_numpy())):  # fmt: skip
            who = sorted({code for code, _ in lost})
            self.outcome.told.append(f"{year}: blank in the workbook, and the stored scores are kept: {', '.join(map(name, who))}")  # fmt: skip

    def _gaps(self, year: int, scores: pd.DataFrame, blank: pd.DataFrame | None) -> None:
        """Take the gaps that scores fill out of the table of known gaps, and put those of a new year into it."""
        gaps = self._stored("gaps", pd.Index([]))
        there = set(scores[["year", "province_code", "dimension"]].itertuples(index=False, name=None))
        kept = [row not in there for row in gaps[["year", "province_code", "dimension"]].itertuples(index=False, name=None)]  # fmt: skip
        result = pd.concat([gaps[kept], gaps.iloc[:0] if blank is None else blank]).drop_duplicates()
        if blank is not None and len(blank):
            who = map(name, blank["province_code"].unique())
            self.outcome.told.append(f"{year}: blank, and entered in gaps.csv as not published: {', '.join(who)}")
        if not result.equals(gaps):
            self.changed["gaps"] = result

    def _list(self, kind: str, year: int) -> None:
        """Enter a year's file into the package's descriptor, behind the others of its kind."""
        resources = self.package["resources"]
        about = {"name": f"{kind}-{year}", "path": _YEARLY[kind].format(year), "title": f"Published {kind} {year}"}
        about["description"] = f"{'Sub-dimension scores' if kind == 'scores' else 'Indicators'} published for {year}."
        form = {"format": "csv", "mediatype": "text/csv", "encoding": "utf-8", "type": "table"}
        last = max(n for n, one in enumerate(resources) if one["name"].startswith(kind.rstrip("s")))
        resources.insert(last + 1, about | form | {"schema": f"schemas/{kind}.json"})


def _repeats(first: Figures, again: Figures) -> str:
    """Return how a year's scores in another workbook differ from those taken."""
    both = first.tables["scores"].merge(again.tables["scores"], on=["province_code", "subdimension"])
    gap = (both["score_x"] - both["score_y"]).abs()
    if not gap.gt(SAME).any():
        return "with the same scores"
    at = both.loc[gap.idxmax()]
    return f"{gap.gt(SAME).sum()} scores recomputed, most in {name(at['province_code'])}, {at['subdimension']}, from {at['score_x']:.10g} to {at['score_y']:.10g}; not taken"  # fmt: skip


def _same(one: pd.Series, other: pd.Series) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(one):
        return np.isclose(one, other.astype(float), rtol=0, atol=SAME, equal_nan=True)
    return one.fillna("").to_numpy() == other.fillna("").to_numpy()


def _place(key: list[str], at: tuple | str | int) -> str:
    parts = at if isinstance(at, tuple) else (at,)
    return ", ".join(name(part) if column == "province_code" else str(part) for column, part in zip(key, parts, strict=True))  # fmt: skip


def _shown(frame: pd.DataFrame, at: tuple | str | int, values: list[str]) -> str:
    if at not in frame.index:
        return "nothing"
    return " / ".join(f"{v:.10g}" if isinstance(v, float) else str(v) for v in frame.loc[at, values])


def _csv(frame: pd.DataFrame, schema: dict | str) -> bytes:
    """Return a table as its file's content."""
    if isinstance(schema, str):
        schema = json.loads((datafiles.folder() / schema).read_text(encoding="utf-8"))
    types = {field["name"]: field["type"] for field in schema["fields"]}
    order = [column for column in ("year", "province_code", "dimension") if column in types]
    frame = frame[list(types)].astype({column: "int64" for column, kind in types.items() if kind == "integer"})
    return frame.sort_values(order, kind="stable").to_csv(index=False, lineterminator="\n").encode()


def _write(base: Path, target: Path, files: dict[str, bytes], tables: list[str], years: list[int]) -> None:
    """Make the changed package beside the old one, check it, and let its files take their places together."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder) / "data"
        shutil.copytree(base, stage)
        for path, content in files.items():
            atomic.write(stage / path, content)
        try:
            with _package(stage):
                for table in tables:
                    datafiles.read(table)
                for year in years:
                    published.load(year)
                    indicators.load(year)
                published.standard_errors()
        except DataError as fault:
            raise DataError(f"{str(fault).replace(str(stage), str(target))} (nothing is written)") from None
        if target == base:
            atomic.write_all({target / path: content for path, content in files.items()}, lasting=True)
        else:
            part = target.with_name(f".{target.name}.part")
            shutil.copytree(stage, part)
            os.replace(part, target)
