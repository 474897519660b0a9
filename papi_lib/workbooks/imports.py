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

import pandas as pd

from papi_lib import atomic, datafiles, index, places, published
from papi_lib.datafiles import DataError
from papi_lib.workbooks.figures import Figures, figures
from papi_lib.workbooks.layout import Sheet, name, read, year_in

_DIGITS = 6  # decimals to which figures are compared: stored ones have no more
#: A table's key besides the year, and whether nothing is added unasked to a year that it has.
_TABLES = {
    "scores": (["province_code", "dimension", "subdimension"], True),
    "standard-errors": (["province_code", "part"], False),
    "weighted-totals": (["province_code"], False),
    "indicator-names": (["indicator"], True),
    "indicators": (["province_code", "indicator"], True),
}
#: Tables with a file for each year: where it is, and what it holds.
_YEARLY = {"scores": ("published/{}.csv", "Sub-dimension scores"), "indicators": ("published/indicators/{}.csv", "Indicators")}  # fmt: skip


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
    refused: bool = False
    written: list[Path] = field(default_factory=list)


def bring(paths: list[Path], year: int | None = None, edition: int | None = None, replace: bool = False) -> Outcome:
    """Take workbooks into the data package.

    Parameters
    ----------
    paths : list of pathlib.Path
        Workbooks as the programme published them. A year that several have is taken from its own.
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
    target = datafiles.folder()
    with atomic.alone(target):
        run = _Import(edition, replace)
        for path in paths:
            run.add(path, year)
        if files := run.files():
            _check(target, files, run)
            atomic.write_all({target / path: content for path, content in files.items()}, lasting=True)
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
        os.environ.pop("PAPI_DATA")
        if before is not None:
            os.environ["PAPI_DATA"] = before


class _Import:
    """Workbooks by year, and the tables that they change."""

    def __init__(self, edition: int | None, replace: bool) -> None:
        self.edition = None if edition is None else index.check_year(edition)
        self.replace, self.outcome, self.package = replace, Outcome(), datafiles.package()
        self.sources: dict[int, list[tuple[bool, list[Sheet]]]] = defaultdict(list)
        self.changed: dict[str, pd.DataFrame] = {}
        self.years: list[int] = []

    def add(self, path: Path, only: int | None) -> None:
        """Read a workbook, and find out of which years its sheets are."""
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
            if len(years) != 1:
                tell = " and ".join(map(str, sorted(years))) or "no year"
                raise DataError(f"{path}: file and sheets tell {tell}; say the year with --year")
            chosen = dict.fromkeys(years, sheets)
        for y, its in chosen.items():
            if wrong := [s.where for s in its if s.since != places.since_reform(y)]:
                whose = "the 63 provinces until 2024" if y >= places.REFORM else "the 34 provinces since 1 July 2025"
                raise DataError(f"{wrong[0]}: these are {whose}, and {y} has others; say the right year with --year")
            self.sources[y].append((own != y, its))

    def files(self) -> dict[str, bytes]:
        """Return the package's files that change, by path."""
        known = index.years()
        for year, sources in sorted(self.sources.items()):
            if year not in known and self.edition is None:
                raise DataError(f"{year} is new: say whose structure it has, as with --edition {index.edition(known[-1])} for that of {known[-1]}")  # fmt: skip
            structure, taken = index.structure(year if year in known else self.edition), False
            for _, sheets in sorted(sources, key=lambda source: source[0]):
                try:
                    new = figures(year, sheets, structure)
                except DataError as fault:
                    self.outcome.told.append(str(fault))
                    self.outcome.refused = True
                    continue
                self.outcome.found.append(
                    f"{sheets[0].where}: {year}, {', '.join(new.found)}{'; repeated, not taken' * taken}"
                )
                self.outcome.told += new.notes
                if not taken:
                    self._take(year, new, structure)
                taken = True
        if fresh := sorted(set(self.years) - set(known)):
            self.changed["years"] = pd.concat([datafiles.read("years"), pd.DataFrame({"year": fresh, "edition": self.edition})])  # fmt: skip
        about = {resource["name"]: resource for resource in self.package["resources"]}
        files = {about[table]["path"]: _csv(frame, about[table]["schema"]) for table, frame in self.changed.items()}
        if self.package != datafiles.package():
            files["datapackage.json"] = (json.dumps(self.package, ensure_ascii=False, indent=2) + "\n").encode()
        return files

    def _stored(self, table: str, columns: pd.Index) -> pd.DataFrame:
        if table in self.changed:
            return self.changed[table]
        return datafiles.read(table) if table in datafiles.resource_names() else pd.DataFrame(columns=columns)

    def _take(self, year: int, new: Figures, structure: pd.DataFrame) -> None:
        """Put a year's figures into the tables that change, as far as they are new or may replace."""
        self.years.append(year)
        renamed = False
        for table, (key, whole) in _TABLES.items():
            target, fresh = f"{table}-{year}" if table in _YEARLY else table, new.tables[table].set_index(key)
            stored = self._stored(target, new.tables[table].columns)
            old = stored[stored["year"] == year].set_index(key)
            if renamed and self.replace:
                old = old.iloc[:0]  # its keys meant other indicators
            added, differ = fresh.index.difference(old.index, sort=False), _compared(old, fresh)
            if whole and len(old):
                differ |= {at: ("nothing", _shown(fresh.loc[at].drop("year"))) for at in added}
            renamed |= table == "indicator-names" and bool(differ)
            self.outcome.differs += [f"{year}, {table}, {_place(key, at, year)}: stored {a}, workbook {b}" for at, (a, b) in differ.items()]  # fmt: skip
            if table == "scores" and len(lost := old.index.difference(fresh.index)):
                who = ", ".join(name(code, year) for code in lost.unique("province_code"))
                self.outcome.told.append(f"{year}: blank in the workbook, and the stored scores are kept: {who}")
            if self.replace and (differ or len(added)):
                rows = [fresh, old[~old.index.isin(fresh.index)]]
            elif len(added) and not (whole and len(old)):
                rows = [old, fresh.loc[added]]
            else:
                continue
            rows = [stored[stored["year"] != year], *(frame.reset_index() for frame in rows)]
            self.changed[target] = pd.concat([frame for frame in rows if len(frame)])
            if table in _YEARLY:
                self._list(table, year)
            if table == "scores":
                self._gaps(year, structure, known=len(old) > 0)

    def _gaps(self, year: int, structure: pd.DataFrame, known: bool) -> None:
        """Let the known gaps be what the year's scores lack."""
        gaps, scores = self._stored("gaps", pd.Index([])), self.changed[f"scores-{year}"]
        every = pd.MultiIndex.from_product([[year], places.provinces(year).index, structure["dimension"].unique()], names=list(gaps))  # fmt: skip
        blank = every.difference(pd.MultiIndex.from_frame(scores[list(gaps)])).to_frame(index=False)
        if len(blank) != (gaps["year"] == year).sum():
            self.changed["gaps"] = pd.concat([gaps[gaps["year"] != year], blank])
        if len(blank) and not known:
            who = ", ".join(name(code, year) for code in blank["province_code"].unique())
            self.outcome.told.append(f"{year}: blank, and entered in gaps.csv as not published: {who}")

    def _list(self, kind: str, year: int) -> None:
        """Enter a year's file into the package's descriptor, behind the others of its kind."""
        resources, (path, what) = self.package["resources"], _YEARLY[kind]
        if any(one["name"] == f"{kind}-{year}" for one in resources):
            return
        about = {"name": f"{kind}-{year}", "path": path.format(year), "title": f"Published {kind} {year}", "description": f"{what} published for {year}."}  # fmt: skip
        form = {"format": "csv", "mediatype": "text/csv", "encoding": "utf-8", "type": "table", "schema": f"schemas/{kind}.json"}  # fmt: skip
        last = max(n for n, one in enumerate(resources) if one["name"].startswith(kind.rstrip("s")))
        resources.insert(last + 1, about | form)


def _compared(old: pd.DataFrame, fresh: pd.DataFrame) -> dict:
    """Return what rows that both have say otherwise, by key: as stored and as new."""
    both = old.index.intersection(fresh.index)
    columns = [column for column in fresh if column != "year"]
    one, other = (frame.loc[both, columns].astype(old[columns].dtypes).round(_DIGITS) for frame in (old, fresh))
    differ = both[(one.ne(other) & ~(one.isna() & other.isna())).any(axis=1)]
    return {at: (_shown(one.loc[at]), _shown(other.loc[at])) for at in differ}


def _shown(row: pd.Series) -> str:
    return " / ".join(f"{v:.10g}" if isinstance(v, float) else str(v) for v in row)


def _place(key: list[str], at: tuple | int | str, year: int) -> str:
    named = zip(key, at if isinstance(at, tuple) else (at,), strict=True)
    return ", ".join(name(part, year) if column == "province_code" else str(part) for column, part in named)


def _csv(frame: pd.DataFrame, schema: dict | str) -> bytes:
    """Return a table as its file's content."""
    if isinstance(schema, str):
        schema = json.loads((datafiles.folder() / schema).read_text(encoding="utf-8"))
    types = {field["name"]: field["type"] for field in schema["fields"]}
    frame = frame[list(types)].astype({column: "int64" for column, kind in types.items() if kind == "integer"})
    order = [column for column in ("year", "province_code", "dimension") if column in types]
    return frame.sort_values(order, kind="stable").to_csv(index=False, lineterminator="\n").encode()


def _check(target: Path, files: dict[str, bytes], run: _Import) -> None:
    """Make the changed package in a folder of its own and read all of it that changes."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder) / "data"
        shutil.copytree(target, stage)
        atomic.write_all({stage / path: content for path, content in files.items()})
        try:
            with _package(stage):
                for table in run.changed:
                    datafiles.read(table)
                for year in run.years:
                    published.load(year)
                    published.indicators(year)
                published.standard_errors()
        except DataError as fault:
            raise DataError(f"{str(fault).replace(str(stage), str(target))} (nothing is written)") from None
