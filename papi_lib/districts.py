"""Districts' scores from a survey's records: direct and model estimates, sets of ranks, what is hidden.

A district's *direct* estimate uses its own respondents only; the *model* estimate also borrows from how
the other districts of its kind answered (`papi_lib.smallarea`), more where its own sample says less, and
all model estimates together give the city's score. What stands on too few answers is hidden
(`papi_lib.disclosure`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtrit  # without the second that scipy.stats takes to import

from papi_lib import codebook, datafiles, disclosure, estimates, index, places, ranks, records, smallarea, survey
from papi_lib.wording import Words

#: Name of the domain that holds everybody.
CITY = "city"
_DESIGN = {"weight": "weight", "strata": "stratum", "cluster": "cluster"}
#: Fewest districts of a kind that is told apart from the rest; the mean of a single one would be its own.
_FEWEST_OF_A_KIND = 3
#: Fewest districts with an estimate that a model is worth.
_FEWEST = 5


@dataclass(frozen=True, eq=False)
class Survey:
    """A survey's records and what districts' pages need of them; see `load`.

    Attributes
    ----------
    name : str
        Name of the file.
    year, province : int
        Year of the survey and code of the province.
    simulated : bool
        Whether the answers are made up.
    frame : pandas.DataFrame
        Design columns, ``kind`` of the district (``urban``: quận; ``rural``: huyện and thị xã) and scored
        items, one row a respondent. Never shown.
    """

    name: str
    year: int
    province: int
    simulated: bool
    frame: pd.DataFrame

    @property
    def districts(self) -> list[str]:
        """Codes of the districts that have respondents."""
        return sorted(self.frame["district_code"].unique())

    def place(self, district: str | int, province: places.Place) -> places.Place:
        """Find a district that has respondents, of the province; ValueError if there is none."""
        found = places.district(district, province)
        if self.province != province.code:
            home = places.province(self.province).name_vi
            raise ValueError(f"{self.name} is a survey of {home}, not of {province.name_vi}; give another file")
        if found.code not in self.districts:
            raise ValueError(f"{self.name} has no respondent in {found.name_vi}")
        return found

    def estimates(self, parts: Iterable[int | str]) -> pd.DataFrame:
        """Return the survey as an estimates frame: districts, their kinds and the whole (`papi_lib.estimates`).

        ``.attrs`` also has ``peers``: the kind of each district.
        """
        parts = list(parts)
        table = self.scores[self.scores.index.get_level_values("series").isin(parts)].rename_axis(["place", "part"])
        frame = table.rename(columns={"estimate": "score"}).reset_index().assign(year=self.year)
        order = {part: i for i, part in enumerate(parts)}
        frame = frame.sort_values("part", key=lambda column: column.map(order), kind="stable", ignore_index=True)
        kinds = self.frame.groupby("district_code")["kind"].first().astype(str)
        frame = frame[["place", "part", "year", "score", "se", "df", "n", "clusters", "deff"]]
        frame.attrs = {
            "whole": CITY, "peers": kinds.to_dict(), "groups": (CITY, *kinds.unique()), "margin": "sampling",
            "simulated": self.simulated, "covariance": estimates.Covariance(self._estimates[1]),
        }  # fmt: skip
        return frame

    def claims(self, place: str, dimension: int | None = None) -> pd.DataFrame:
        """Return the claims on a district: as `papi_lib.estimates.claims`, but gaps only, to the whole survey."""
        parts = ("total", *index.dimensions(self.year)) if dimension is None else index.subdimensions(self.year, dimension)
        return estimates.gaps(self.estimates(parts), place).assign(kind="gap").reset_index()

    def sample(self, place: str, part: int | str) -> dict[str, int]:
        """Return on how many ``respondents`` and ``clusters`` a figure stands."""
        row = self.scores.loc[(place, part)]
        return {"respondents": int(row["n"]), "clusters": int(row["clusters"])}

    def whole_name(self, w: Words) -> str:
        """Return what the survey as a whole is called on a page."""
        return w("all districts surveyed")

    def missing(self, place: str, parts: Iterable[int | str], w: Words) -> list[str]:
        """Return sentences on the figures of a district that are not shown, and why."""
        table = self.scores.loc[place, "estimate"]
        gone = [part for part in parts if pd.isna(table[part])]
        told = "Not shown, because too few people answered or because the figure would give another away: {parts:part}."
        return [w(told, parts=gone)] if gone else []

    def kind(self, district: str) -> str:
        """Return the kind of a district: ``urban`` or ``rural``."""
        return self.frame.loc[self.frame["district_code"] == district, "kind"].iloc[0]

    @lru_cache(maxsize=16)  # noqa: B019 - one survey lives as long as its process
    def answers(self, dimension: int) -> pd.DataFrame:
        """Return mean shares (0-1) of a dimension's items by domain.

        Indexed by domain (districts' codes, their kinds, `CITY`) and item; columns as in `scores`. Figures
        that are hidden are missing.
        """
        own = self._combination.index[self._combination[dimension] > 0]
        given = self._stacked[["domain", *records.DESIGN, *own]]
        raw, covariance = survey.domain_estimates(given, list(own), by="domain", **_DESIGN)
        table = self._veil(raw.copy(), self._hidden[own])
        return self._with_gap(table, raw["estimate"].xs(CITY), covariance)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Scores in points by domain: the districts' codes, their kinds (``urban``, ``rural``) and `CITY`.

        Indexed by domain and series (sub-dimension keys, dimension numbers, ``total``): ``estimate``,
        ``se``, ``df``, ``n``, ``clusters``, ``deff`` (as in `papi_lib.survey.domain_means`) and ``noise``,
        half the 95% interval (Student's t); ``gap``, ``gap_se`` and ``gap_noise``: the same of the difference
        to the city, which knows that the district is part of the city. Figures that are hidden are missing.
        """
        raw, covariance = self._estimates
        return self._with_gap(self._veil(raw.copy(), self._hidden), raw["estimate"].xs(CITY), covariance)

    @cached_property
    def models(self) -> pd.DataFrame:
        """Model estimates of dimensions and the total by district.

        Indexed by district and series: ``model`` (points, together equal to the city's score), ``se`` (root
        of the mean squared error) and ``borrowed`` (0-1: how much comes from the other districts).
        Missing where there are too few districts to borrow from.
        """
        found = {}
        people = self.frame.groupby("district_code")["weight"].sum().reindex(self.districts)
        for series in [*index.dimensions(self.year), "total"]:
            table = self.scores.xs(series, level="series").loc[self.districts]
            found[series] = self._model(table, people, self.scores.at[(CITY, series), "estimate"])
        return pd.concat(found, names=["series"]).swaplevel().sort_index(level=0, sort_remaining=False)

    @lru_cache(maxsize=64)  # noqa: B019 - one survey lives as long as its process
    def rank_sets(self, series: int | str) -> pd.DataFrame:
        """Return which ranks the sample leaves possible for each district: ``lower`` and ``upper`` (95%).

        Two districts whose sets overlap are not told apart by the data; pages give sets, never places.
        Errors are widened by Student's t, because each district's own is estimated from few clusters.
        """
        estimate = self.scores["estimate"].xs(series, level="series").loc[self.districts]
        keys = [(code, series) for code in self.districts]
        known = estimate.notna().to_numpy()
        covariance = self._estimates[1].loc[keys, keys].to_numpy()
        wider = stdtrit(self.scores.loc[keys, "df"], 0.975) / ndtri(0.975)
        covariance = pd.DataFrame(covariance * np.outer(wider, wider), index=self.districts, columns=self.districts)
        sets = ranks.rank_confidence_sets(estimate[known], covariance.loc[known, known], simultaneous=False, level=0.95)
        return sets[["lower", "upper"]].reindex(self.districts)

    @property
    def scored_items(self) -> list[str]:
        """The items that count in the index."""
        return [column for column in self.frame.columns if column not in (*records.DESIGN, "kind")]

    @cached_property
    def _stacked(self) -> pd.DataFrame:
        """Everybody three times: in the district, in its kind and in the city, so that these covary."""
        kinds = self.frame["kind"].astype(object)
        domains = [self.frame["district_code"], kinds, pd.Series(CITY, self.frame.index)]
        return pd.concat([self.frame.assign(domain=domain) for domain in domains], ignore_index=True)

    @cached_property
    def _combination(self) -> pd.DataFrame:
        return codebook.combination(self.year)

    @cached_property
    def _estimates(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Scores of all domains before anything is hidden, and their covariance."""
        table, covariance = survey.domain_estimates(
            self._stacked, self.scored_items, by="domain", combine=self._combination, **_DESIGN
        )
        constant = self._combination.attrs["constant"]
        table["estimate"] += [constant[series] for series in table.index.get_level_values("series")]
        return table, covariance

    @cached_property
    def _hidden(self) -> pd.DataFrame:
        """Districts × (series and items): true where the figure must not be shown."""
        answered = self.frame[self.scored_items].notna()
        district = self.frame["district_code"]
        by_cluster = answered.groupby([district, self.frame["stratum"], self.frame["cluster"]]).any()
        counts = {"n": answered.groupby(district).sum(), "clusters": by_cluster.groupby(level=0).sum()}
        whole = {c: self._estimates[0][c].unstack("series").loc[self.districts] for c in counts}
        combination = self._combination
        for part in index.subdimensions(self.year):
            own = combination.index[combination[part] > 0]
            for c in counts:  # a sub-dimension stands on the item with the fewest answers
                whole[c][part] = counts[c][own].min(axis=1)
        sums = {d: index.subdimensions(self.year, d) for d in index.dimensions(self.year)}
        kinds = self.frame.groupby("district_code")["kind"].first()
        hide = disclosure.hidden(whole["n"], whole["clusters"], sums | {"total": list(sums)}, kinds)
        of_item = {
            item: hide[part]
            for part in index.subdimensions(self.year)
            for item in combination.index[combination[part] > 0]
        }
        return hide.join(pd.DataFrame(of_item))

    def _veil(self, table: pd.DataFrame, hide: pd.DataFrame) -> pd.DataFrame:
        """Return a table with its hidden figures missing."""
        cells = hide.stack()
        gone = table.index.intersection(cells.index[cells])
        table.loc[gone, ["estimate", "se", "deff"]] = np.nan
        return table

    def _with_gap(self, table: pd.DataFrame, city: pd.Series, covariance: pd.DataFrame) -> pd.DataFrame:
        """Return a table with the difference to the city, whose error knows what the two share."""
        series = table.index.get_level_values("series")
        own = np.diag(covariance)
        place = pd.Series(np.arange(len(covariance)), covariance.index)
        of_city = place[[(CITY, name) for name in series]].to_numpy()
        variance = own + own[of_city] - 2 * covariance.to_numpy()[np.arange(len(own)), of_city]
        student = stdtrit(table["df"].where(table["df"] > 0), 0.975)
        table["noise"] = student * table["se"]
        table["gap"] = table["estimate"] - city.reindex(series).to_numpy()
        table["gap_se"] = np.sqrt(np.maximum(variance, 0))
        table.loc[table["estimate"].isna(), "gap_se"] = np.nan
        table["gap_noise"] = student * table["gap_se"]
        return table

    def _model(self, table: pd.DataFrame, people: pd.Series, city: float) -> pd.DataFrame:
        direct = table["estimate"]
        if direct.notna().sum() < _FEWEST:
            return pd.DataFrame(np.nan, index=direct.index, columns=["model", "se", "borrowed"])
        variance = smallarea.smooth_variances(table["se"] ** 2, table["n"].where(direct.notna()), table["df"])
        urban = (self.frame.groupby("district_code")["kind"].first() == "urban").astype(float).reindex(direct.index)
        known = urban[direct.notna()]
        covariates = urban.to_frame("urban") if 1 < known.sum() < len(known) - 1 else None
        model = smallarea.fay_herriot(direct, variance, covariates, benchmark=(people, city))
        return pd.DataFrame(
            {"model": model["benchmarked"], "se": np.sqrt(model["mse"]), "borrowed": 1 - model["gamma"]}
        )


def simulated_year() -> int:
    """Return the year of the project's simulated survey."""
    return _simulated()["year"]


def load(path: str | os.PathLike | None = None, year: int | None = None) -> Survey:
    """Return a survey of districts.

    Parameters
    ----------
    path : path or None
        File of records, as `papi_lib.records` describes; None for the project's simulated survey.
    year : int or None
        Year of the survey; None for the latest of the index, or that of the simulated survey.

    Returns
    -------
    Survey

    Raises
    ------
    papi_lib.datafiles.DataError
        The file cannot be read or has problems, or its districts lie in several provinces.
    ValueError
        There is no simulated survey for the year.
    """
    if path is None:
        about = _simulated()
        year = about["year"] if year is None else year
        if year != about["year"]:
            raise ValueError(f"the simulated survey is of {about['year']}, not {year}; give a file of records")
        path = datafiles.folder() / about["path"]
    path = Path(path)
    year = index.years()[-1] if year is None else index.check_year(year)
    return _load(path, year, (path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else None)


def _simulated() -> dict:
    """Return what the data package tells of the simulated survey."""
    return next(r for r in datafiles.package()["resources"] if r["format"] == "parquet")


@lru_cache(maxsize=4)
def _load(path: Path, year: int, _stamp: tuple | None) -> Survey:
    clean = records.load(path, year)
    homes = {places.district(code).province_code for code in clean["district_code"].unique()}
    if len(homes) > 1:
        names = ", ".join(places.province(code).name_en for code in sorted(homes))
        raise datafiles.DataError(f"{path}, column 'district_code': districts of {names}; give one file a province")
    kinds = places.districts()["type"].eq("quan").map({True: "urban", False: "rural"})
    kinds = kinds[clean["district_code"].unique()]
    if kinds.value_counts().min() < _FEWEST_OF_A_KIND:
        kinds[:] = "rural"
    frame = clean[records.DESIGN].join(clean["district_code"].map(kinds).rename("kind"))
    frame = frame.join(codebook.score(clean, year))
    return Survey(path.name, year, homes.pop(), bool(clean["simulated"].any()), frame)
