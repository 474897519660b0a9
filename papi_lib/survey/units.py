"""Scores of districts or communes from a survey's records: direct and model estimates, sets of ranks, what is hidden.

A survey's *units* are the districts or communes of its year. A unit's *direct* estimate uses its own respondents only; the
*model* estimate also borrows from how the other units answered (`papi_lib.smallarea`): those of its kind, as densely
settled, and like it in what a file knows of units. It borrows more where the own sample says less, and
all model estimates together give the city's score. What stands on too few answers is hidden, and what is shown is
rounded (`papi_lib.survey.disclosure`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from papi_lib import datafiles, estimates, index, places, reads, smallarea, survey
from papi_lib.page.words import Words
from papi_lib.survey import codebook, disclosure, records
from papi_lib.survey.pooled import Errors, pooled

#: Name of the domain that holds everybody.
CITY = "city"
_DESIGN = {"weight": "weight", "strata": "stratum", "cluster": "cluster"}
#: Types of units that are towns.
_URBAN = ("quan", "thanh-pho", "phuong", "thi-tran")
#: Fewest units of a kind that is told apart from the rest; the mean of a single one would be its own.
_FEWEST_OF_A_KIND = 3
#: Fewest units with an estimate that a model is worth, and how many more each further covariate takes.
_FEWEST, _FEWEST_EACH = 5, 10


@dataclass(frozen=True, eq=False)
class Survey:
    """A survey's records and what pages of its units need of them; see `load`.

    Figures are rounded as they may be shown (`papi_lib.survey.disclosure.rounded`); what is told apart is so before that.

    Attributes
    ----------
    name : str
        Name of the file.
    level : str
        Level of the units: ``"district"`` or ``"commune"``.
    year, province : int
        Year of the survey and code of the province, as it was when the units were.
    simulated : bool
        Whether the answers are made up.
    frame : pandas.DataFrame
        Design columns, ``kind`` of the unit (``urban``: quận, thành phố, phường, thị trấn; ``rural``: all others) and
        scored items, one row a respondent. Never shown.
    asked : pandas.DataFrame
        Scored items by respondent: true where the item was asked and answered.
    known : pandas.DataFrame
        By unit what the model borrows by besides the kind; none by default.
    """

    name: str
    level: str
    year: int
    province: int
    simulated: bool
    frame: pd.DataFrame
    asked: pd.DataFrame
    known: pd.DataFrame = field(default_factory=pd.DataFrame)

    @cached_property
    def units(self) -> list[str]:
        """Codes of the units that have respondents."""
        return sorted(self.frame["unit"].unique())

    @cached_property
    def home(self) -> places.Place:
        """The province."""
        return places.province(self.province, records.place_year(self.level, self.year))

    def place(self, unit: str | int, province: str | int | places.Place | None = None) -> places.Place:
        """Find a unit that has respondents, of the province if one is named; ValueError if there is none."""
        if province is not None and not isinstance(province, places.Place):
            province = places.province(province, self.home.year)
        found = places.find(unit, self.level, self.year, province or self.home)
        if province not in (None, self.home):
            raise ValueError(
                f"{self.name} is a survey of {self.home.name_vi}, not of {province.name_vi}; give another file"
            )
        if found.code not in self.units:
            raise ValueError(f"{self.name} has no respondent in {found.name_vi}")
        return found

    def estimates(self, parts: Iterable[int | str], *, alike: bool = False) -> pd.DataFrame:
        """Return the survey as an estimates frame: units, their kinds and the whole (`papi_lib.estimates`).

        Besides the usual columns ``least`` and ``most`` (the scale's ends) and ``effective`` (effective sample size of
        `papi_lib.survey.pooled`), from which intervals are made. With `alike` the errors are those that a test needs
        whether a unit is like the whole: as if all units had its score. ``.attrs`` also has ``peers``: the kind
        of each unit.
        """
        parts = list(parts)
        table = self.scores.loc[(slice(None), parts), :].rename_axis(["place", "part"])
        if alike:
            alike_se = np.sqrt(self._errors.of_all(alike=True).stack()).reindex(table.index)
            table = table.assign(se=alike_se.where(table["se"].notna()))  # of a hidden figure it tells the figure
        frame = pd.concat({part: table.xs(part, level="part") for part in parts}, names=["part"]).reset_index()
        frame = frame.rename(columns={"estimate": "score"}).assign(year=self.year)
        frame = frame[["place", "part", "year", "score", "se", "df", "n", "clusters", "deff", "why", "least", "most", "effective"]]  # fmt: skip
        rounding = disclosure.steps(np.sqrt(self._errors.of_all())) / np.sqrt(12)
        frame.attrs = {
            "whole": CITY, "peers": _Shared(self.kinds), "groups": (CITY, *self.kinds.unique()), "margin": "sampling",
            "simulated": self.simulated, "covariance": estimates.Covariance(self._errors.covariance(parts, alike, rounding)),
        }  # fmt: skip
        return frame

    @lru_cache(maxsize=64)  # noqa: B019 - one survey lives as long as its process
    def gaps(self, place: str) -> pd.DataFrame:
        """Return how far a unit is from the whole survey in every part of the index, all tested as one family.

        So each part has one verdict on all pages of a unit, and with at least 95% none of them calls clear what is
        only noise. Indexed by part; columns of `papi_lib.estimates.gaps`.
        """
        return estimates.gaps(self._alike, place)

    def claims(self, place: str, dimension: int | None = None) -> pd.DataFrame:
        """Return the claims on a unit: as `papi_lib.estimates.claims`, but gaps only, to the whole survey."""
        year = self.year
        parts = ["total", *index.dimensions(year)] if dimension is None else index.subdimensions(year, dimension)
        return self.gaps(place).loc[parts].assign(kind="gap").reset_index()

    @cached_property
    def components(self) -> pd.DataFrame:
        """What the records tell for the next survey's plan (`papi_lib.survey.plan`), by part of the index.

        ``score`` (the whole's) and ``spread`` (standard deviation of single people's scores), in points; ``icc``,
        ``answered``, ``near``, ``weighting`` and ``df`` as in `papi_lib.survey.pooled`.
        """
        parts = self._errors.parts
        share, span = self._errors.shares.loc[CITY, parts.index], self._errors.span
        frame = parts.assign(score=self.scores.loc[CITY, "estimate"])
        spread = span * np.sqrt(parts["unit"] * share * (1 - share))
        frame["spread"] = spread.where(frame["score"].notna())  # it tells the score
        order = ["total", *index.dimensions(self.year), *index.subdimensions(self.year)]
        return frame.loc[order, ["score", "spread", "icc", "answered", "near", "weighting", "df"]].rename_axis("part")

    @lru_cache(maxsize=64)  # noqa: B019 - as above
    def standing(self, part: int | str) -> pd.DataFrame:
        """Return every unit's score in a part with its interval and set of ranks: `papi_lib.estimates.standing`."""
        return estimates.standing(self.estimates([part]), part, self.year)

    def sample(self, place: str, part: int | str) -> dict[str, int]:
        """Return on how many ``respondents`` and ``clusters`` a figure stands."""
        row = self.scores.loc[(place, part)]
        return {"respondents": int(row["n"]), "clusters": int(row["clusters"])}

    def whole_name(self, w: Words) -> str:
        """Return what the survey as a whole is called: the city or province if all its units are in it."""
        if len(self.units) == (places.below(self.level, self.year)["province_code"] == self.province).sum():
            return w("the city") if self.home.type == "city" else w("the province")
        return w("the {types} surveyed", types=places.types(self.units, w.lang, self.year))

    def missing(self, place: str, parts: Iterable[int | str], w: Words) -> list[str]:
        """Return sentences on the parts that have no figure of a unit, one a reason."""
        why = self.scores.loc[place, "why"].reindex(list(parts))
        groups = why[why != ""].groupby(why, sort=False)
        return [w("Not shown, because {why}: {parts:part}.", why=w(disclosure.REASONS[key]), parts=list(own.index)) for key, own in groups]  # fmt: skip

    @cached_property
    def kinds(self) -> pd.Series:
        """The kind of each unit: ``urban`` or ``rural``."""
        return self.frame.groupby("unit")["kind"].first().astype(str)

    def answers(self, dimension: int) -> pd.DataFrame:
        """Return mean shares (0-1) of a dimension's items by domain.

        Indexed by domain (units' codes, their kinds, `CITY`) and item; columns as in `scores`. Figures
        that are hidden are missing.
        """
        points = codebook.combination(self.year)[dimension]
        return self._answers.loc[(slice(None), list(points.index[points > 0])), :]

    @cached_property
    def _answers(self) -> pd.DataFrame:
        return self._shown(self._veiled(*self._pooled(self.scored_items)))

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Scores in points by domain: the units' codes, their kinds (``urban``, ``rural``) and `CITY`.

        Indexed by domain and series (sub-dimension keys, dimension numbers, ``total``): ``estimate``,
        ``se``, ``df``, ``n``, ``clusters``, ``deff`` (as in `papi_lib.survey.domain_means`, but pooled over units:
        `papi_lib.survey.pooled`), ``least`` and ``most`` (the scale's ends), ``effective`` (effective sample size),
        ``low`` and ``high`` (95% interval); ``gap`` and ``gap_se``: the difference to the city and its standard error if
        there were none, which knows that the unit is part of the city; ``why``: why a figure is missing, one of
        `papi_lib.survey.disclosure.REASONS`, else empty. There is no difference where the whole survey is one unit.
        """
        return self._shown(self._scores)

    @cached_property
    def models(self) -> pd.DataFrame:
        """Model estimates of dimensions and the total by unit.

        Indexed by unit and series: ``model`` (points, together equal to the city's score), ``se`` (root
        of the mean squared error, that of the rounding too) and ``borrowed`` (0-1: how much comes from the other units).
        Missing where there are too few units to borrow from.
        """
        found = {}
        people = self.frame.groupby("unit")["weight"].sum().reindex(self.units)
        for series in [*index.dimensions(self.year), "total"]:
            table = self._scores.xs(series, level="series").loc[self.units]
            found[series] = self._model(series, table, people, self._scores.at[(CITY, series), "estimate"])
        table = pd.concat(found, names=["series"]).swaplevel().sort_index(level=0, sort_remaining=False)
        shown = disclosure.rounded(table["model"], table["se"])
        table["se"] = np.hypot(table["se"], disclosure.steps(table["se"]) / np.sqrt(12))
        return table.round(disclosure.DECIMALS).assign(model=shown)

    @property
    def scored_items(self) -> list[str]:
        """The items that count in the index."""
        return list(self.asked.columns)

    @cached_property
    def _stacked(self) -> pd.DataFrame:
        """Everybody three times: in the unit, in its kind and in the city, so that these covary."""
        kinds = self.frame["kind"].astype(object)
        domains = [self.frame["unit"], kinds, pd.Series(CITY, self.frame.index)]
        whole = self.frame.copy()  # in one block of memory
        return pd.concat([whole.assign(domain=domain) for domain in domains], ignore_index=True)

    def _pooled(self, values: list[str], combine: pd.DataFrame | None = None) -> tuple[pd.DataFrame, Errors]:
        """Estimates of all domains before anything is hidden, and their errors."""
        table = survey.domain_means(self._stacked, values, by="domain", combine=combine, **_DESIGN)
        least, most = pd.Series(0.0, values), pd.Series(1.0, values)
        if combine is not None:
            least = pd.Series(combine.attrs["constant"])[combine.columns]
            most = least + combine.sum()
        series = table.index.get_level_values("series")
        table["least"], table["most"] = (end.reindex(series).to_numpy() for end in (least, most))
        table["estimate"] += table["least"]
        own = table.loc[self.units]
        found = pooled(own, self.frame, values, by="unit", combine=combine, lower=least, upper=most, **_DESIGN)
        people = self.frame.groupby("unit")["weight"].sum()[self.units].to_numpy()
        kinds = self.kinds
        shares = (table["estimate"].unstack() - least) / (most - least)
        member = np.array([kinds.index == d if d in kinds.index else (kinds == d) | (d == CITY) for d in shares.index])
        errors = Errors(found, member * people, shares, most - least, CITY)
        table["own_df"], table["df"] = table["df"], found.parts["df"].reindex(series).to_numpy()
        table["se"] = np.sqrt(errors.of_all()).stack().reindex(table.index)
        table["deff"] = found.deff.stack().reindex(table.index)
        table["effective"] = errors.effective.stack().reindex(table.index)
        return table, errors

    @cached_property
    def _estimates(self) -> tuple[pd.DataFrame, Errors]:
        """Scores of all domains before anything is hidden, and their errors."""
        return self._pooled(self.scored_items, codebook.combination(self.year))

    @property
    def _errors(self) -> Errors:
        return self._estimates[1]

    @cached_property
    def _alike(self) -> pd.DataFrame:
        """What `gaps` tests, for all units."""
        return self.estimates(["total", *index.dimensions(self.year), *index.subdimensions(self.year)], alike=True)

    @cached_property
    def _scores(self) -> pd.DataFrame:
        """`scores` before they are rounded."""
        return self._veiled(self._estimates[0].copy(), self._errors)

    @cached_property
    def _why(self) -> pd.Series:
        """Why a figure is not shown, by domain and series or item: one of `papi_lib.survey.disclosure.REASONS`, or empty."""
        sums = {d: index.subdimensions(self.year, d) for d in index.dimensions(self.year)}
        kinds = self.kinds
        groups = pd.concat([kinds, pd.Series(CITY, kinds.unique())])
        asked = pd.concat([self.asked] * 3, ignore_index=True)
        return disclosure.reasons(
            self._stacked, asked, codebook.combination(self.year), sums | {"total": list(sums)}, groups
        ).stack()

    def _veiled(self, table: pd.DataFrame, errors: Errors) -> pd.DataFrame:
        """Return a table without its hidden figures, with differences to the city."""
        own_df = table.pop("own_df")
        why = self._why.reindex(table.index)
        # Several villages may be one a stratum, or one alone for some part of a sum.
        lonely = np.where(table["clusters"] > 1, "few_clusters", "one_cluster")
        without = pd.Series(np.where(own_df < 1, lonely, "no_error"), table.index)
        table["why"] = why.mask((why == "") & ((own_df < 1) | ~(table["se"] > 0)), without)
        table.loc[table["why"] != "", ["estimate", "se", "deff", "effective"]] = np.nan
        city = [(CITY, name) for name in table.index.get_level_values("series")]
        variance = errors.of_gap().stack().reindex(table.index)
        table["gap"] = (table["estimate"] - table["estimate"].reindex(city).to_numpy()).where(variance > 0)
        table["gap_se"] = np.sqrt(variance).where(table["gap"].notna())
        return table

    def _shown(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a table as it may be shown: estimates rounded to what the sample can tell, intervals and differences of these."""
        shown = table.round(disclosure.DECIMALS).assign(estimate=disclosure.rounded(table["estimate"], table["se"]))
        ends = estimates.intervals(shown.assign(score=shown["estimate"], least=table["least"], most=table["most"]))
        shown[["low", "high"]] = ends[["low", "high"]].round(disclosure.DECIMALS)
        of_city = [(CITY, name) for name in table.index.get_level_values("series")]
        gap = shown["estimate"] - shown["estimate"].reindex(of_city).to_numpy()
        return shown.assign(gap=gap.where(table["gap"].notna()).round(disclosure.DECIMALS))

    def _model(self, series: int | str, table: pd.DataFrame, people: pd.Series, city: float) -> pd.DataFrame:
        direct = table["estimate"]
        if direct.notna().sum() < _FEWEST:
            return pd.DataFrame(np.nan, index=direct.index, columns=["model", "se", "borrowed"])
        variance = self._errors.of_all(alike=True)[series].loc[direct.index].where(direct.notna())
        covariates = self._covariates(direct)
        model = smallarea.fay_herriot(direct, variance, covariates, benchmark=(people, city))
        found = {"model": model["benchmarked"], "se": np.sqrt(model["mse"]), "borrowed": 1 - model["gamma"]}
        return pd.DataFrame(found)

    def _covariates(self, direct: pd.Series) -> pd.DataFrame | None:
        """Return what tells units apart, as far as the figures that are known bear it: their kind first."""
        urban = (self.kinds == "urban").astype(float).reindex(direct.index)
        there, kept = direct.notna(), pd.DataFrame(index=direct.index)
        for name, values in {"urban": urban, **self.known.reindex(direct.index)}.items():
            own = kept.assign(**{name: values})
            rank = np.linalg.matrix_rank(np.column_stack([np.ones(there.sum()), own[there]]))
            single = values.nunique() == 2 and values[there].value_counts().min() < 2
            if rank == own.shape[1] + 1 and not single and there.sum() >= _FEWEST + _FEWEST_EACH * kept.shape[1]:
                kept = own
        return kept if len(kept.columns) else None


class _Shared(dict):
    """A dictionary that copies of a frame share: pandas copies what a frame's ``attrs`` hold with each step."""

    def __deepcopy__(self, memo: dict) -> _Shared:
        return self


def simulated() -> dict[int, Path]:
    """Return the files of the project's simulated surveys by year: of Ha Noi's districts, and of its communes."""
    found = (r for r in datafiles.package()["resources"] if r["format"] == "parquet")
    return {r["year"]: datafiles.folder() / r["path"] for r in found}


def load(path: str | os.PathLike | None = None, year: int | str | None = None, level: str | None = None) -> Survey:
    """Return a survey of districts or communes.

    Parameters
    ----------
    path : path or None
        File of records, as `papi_lib.survey.records` describes; None for the project's simulated survey.
    year : int or None
        Year of the survey; None for what the records say (`papi_lib.survey.records.check`), or the first simulated one.
    level : {"district", "commune"} or None
        What the units must be; None for either. Without file and year it chooses the simulated survey.

    Returns
    -------
    Survey

    Raises
    ------
    papi_lib.datafiles.DataError
        The file cannot be read or has problems.
    ValueError
        There is no simulated survey for the year, or the units are of the other level.

    Examples
    --------
    >>> load(level="commune").year, len(load(year=2026).units)
    (2026, 126)
    """
    if path is None:
        known = simulated()
        year = index.survey_year(year) if year else max(known) if level == "commune" else min(known)
        if year not in known:
            there = " and ".join(map(str, sorted(known)))
            raise ValueError(f"the simulated surveys are of {there}, not {year}; give a file of records")
        path = known[year]
    if level == "district" and year:
        places.below(level, index.survey_year(year))  # tells when they ended
    path = Path(path)
    found = _load(path, year, (path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else None)
    if level not in (None, found.level):
        raise ValueError(f"{found.name} is a survey of {found.level}s in {found.year}, not of {level}s; name a {found.level}, or give another file")  # fmt: skip
    return found


@reads.noted
@lru_cache(maxsize=4)
def _load(path: Path, year: int | str | None, _stamp: tuple | None) -> Survey:
    if path.is_relative_to(datafiles.folder()):
        reads.note(path.relative_to(datafiles.folder()).as_posix())
    return of_records(path.name, records.load(path, year))


def of_records(name: str, clean: pd.DataFrame) -> Survey:
    """Return the survey of checked records: those of `papi_lib.survey.records.check`."""
    level, year = clean.attrs["level"], clean.attrs["year"]
    units, people = places.below(level, year).loc[clean["unit"].unique()], clean.groupby("unit")["weight"].sum()
    kinds = units["type"].isin(_URBAN).map({True: "urban", False: "rural"})
    if kinds.value_counts().min() < _FEWEST_OF_A_KIND:
        kinds[:] = "rural"
    known = clean.filter(regex=f"^{records.KNOWN}").groupby(clean["unit"]).first()
    if "area_km2" in units:
        known.insert(0, "density", np.log(people / units["area_km2"]))
    known = known.fillna(known.mean())  # an area that is not known
    frame = clean[records.DESIGN].join(clean["unit"].map(kinds).rename("kind"))
    frame = frame.join(codebook.score(clean, year))
    made_up, home = bool(clean["simulated"].any()), int(units["province_code"].iloc[0])
    return Survey(name, level, year, home, made_up, frame, codebook.asked(clean, year), known)
