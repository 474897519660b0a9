"""What it takes to climb, how likely that is, and afterwards whether it was more than luck.

Across a break in the index only places in the order of provinces are compared, never points.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral

import numpy as np
import pandas as pd
from scipy.special import expit, logit, ndtri

from papi_lib import datafiles, estimates, forecast, index, precision, published
from papi_lib.places import REFORM
from papi_lib.places import province as find_province

_CHANCES = (0.5, 0.8)
#: Starting ranks within so many places count as the same position in the track record.
_NEAR = 5
#: Gains by the share of provinces that stay below them in a year: the upper quartile's, and what is within reach.
_SHARES = {"usual": 0.75, "reach": 0.9}


@dataclass(frozen=True)
class Climb:
    """A target in places: what it needed, how likely it was, what came.

    Attributes
    ----------
    province_code, base_year, target_year, places : int
        Who, from when to when, how many places.
    rank, of : int
        Rank by published total in the base year, and among how many provinces.
    target_rank : int
        Rank to reach.
    score, needed_now, needed_later : float
        Total in the base year; the points that would have put it at the target rank then; and the
        points above its own score, on the base year's scale with the country's mean unchanged,
        that the target rank will take if the others move as they are expected to (median).
    gaps : pandas.DataFrame
        By sub-dimension, in points: ``score`` and its distance to the mean of the provinces to
        pass (``above``), of the region (``region``), of the cities under central government
        (``cities``) and to the best (``best``); ``reach``, the lasting gain that one province in
        ten makes a year, over the years to the target and never beyond the best score.
    track_record : pandas.Series
        ``started``: how often a province with published totals started within five places of this rank, over the
        same number of years, as far as was known in the base year; ``made``: how often it rose as far as from here
        to the target.
    probability : float
        Chance of the target if nothing special is done, corrected as `papi_lib.forecast.correction` says.
    needed_gain : dict of float to float
        Lasting gain in points that makes the target so likely; missing if out of reach.
    steps : dict of float to pandas.Series
        The fewest sub-dimensions whose gains within reach add up to it, in points; empty if none.
    ranks : pandas.Series
        Quantiles (0.05, 0.25, 0.5, 0.75, 0.95) of the simulated rank in the target year.
    outcome : dict or None
        If the target year is published: ``rank`` and ``reached``.

    Examples
    --------
    >>> judged = climb("Hà Nội", 2023, places=5)
    >>> judged.rank, judged.target_rank, judged.target_year
    (15, 10, 2024)
    """

    province_code: int
    base_year: int
    target_year: int
    places: int
    rank: int
    of: int
    target_rank: int
    score: float
    needed_now: float
    needed_later: float
    gaps: pd.DataFrame
    track_record: pd.Series
    probability: float
    needed_gain: dict[float, float]
    steps: dict[float, pd.Series]
    ranks: pd.Series
    outcome: dict | None


@datafiles.cached
def climb(
    province: str | int, base_year: int, places: int | None = None, horizon: int = 1, *, rank: int | None = None
) -> Climb:
    """Judge the target of rising so many places within some years.

    Parameters
    ----------
    province : str or int
        Name or code.
    base_year : int
        Year from which places are counted.
    places : int, optional
        Places to rise in all; None if a rank is given.
    horizon : int
        Years until the target year.
    rank : int, optional
        The rank to reach or to keep, in place of places to rise.

    Returns
    -------
    Climb

    Raises
    ------
    ValueError
        The province has no total in the base year, there are too few years before it, or places, rank
        or years are no whole numbers above zero.

    Examples
    --------
    >>> judged = climb("Hà Nội", 2020, places=5)
    >>> judged.rank, judged.target_rank, judged.outcome["rank"]
    (48, 43, 9)
    """
    race = _race(province, base_year, places, horizon, rank)
    code, base, scores = race.code, race.base_year, race.scores
    row = published.standing(scores).loc[code]
    gains = {chance: max(race.gain_for(chance), 0.0) for chance in _CHANCES}
    parts = _gaps(race)
    for gain in _SHARES:
        parts[gain] = np.minimum(parts[gain] * horizon, parts["best"].clip(lower=0))
    own = (scores[code] - scores.mean()) / race.spread
    return Climb(
        province_code=code,
        base_year=base,
        target_year=base + horizon,
        places=int(row["rank"]) - race.target,
        rank=int(row["rank"]),
        of=len(scores),
        target_rank=race.target,
        score=float(scores[code]),
        needed_now=float(scores.nlargest(race.target).iloc[-1] - scores[code]),
        needed_later=float(np.median(race.to_beat) - own) * race.spread,
        gaps=parts,
        track_record=_track_record(int(row["rank"]), race.target, horizon, base, race.of),
        probability=race.chance(),
        needed_gain=gains,
        steps={chance: _fewest(parts["reach"], gain) for chance, gain in gains.items()},
        ranks=race.ranks.quantile([0.05, 0.25, 0.5, 0.75, 0.95], interpolation="nearest").astype(int),
        outcome=_outcome(code, base + horizon, race.target),
    )


def chance(
    province: str | int,
    base_year: int,
    places: int | None,
    gains: Mapping[str, float] | pd.Series,
    horizon: int = 1,
    *,
    rank: int | None = None,
) -> float:
    """Return how likely a target becomes if planned gains are made, beside what happens anyway.

    All calls for one target use the same draws, those of `climb`, so that the difference between
    two plans is not noise of the simulation.

    Parameters
    ----------
    province, base_year, places, horizon, rank
        As in `climb`.
    gains : mapping of str to float, or pandas.Series
        Lasting gains in points by sub-dimension (key), on the base year's scale, made by the target year.

    Raises
    ------
    ValueError
        As in `climb`; or a sub-dimension that the base year does not have or that was not
        published, or a gain that leaves its range.

    Examples
    --------
    >>> chance("Hà Nội", 2023, 5, {}) < chance("Hà Nội", 2023, 5, {"land_plans_prices": 0.3})
    True
    """
    race = _race(province, base_year, places, horizon, rank)
    structure = index.structure(race.base_year).set_index("subdimension")
    gains = dict(gains)
    for part, gain in gains.items():
        if part not in structure.index:
            raise ValueError(f"no sub-dimension {part!r} in {race.base_year}; choose from {', '.join(structure.index)}")
        score = published.series(part, of=race.of).loc[race.code, race.base_year]
        lower, upper = structure.loc[part, ["lower", "upper"]]
        if not lower <= score + gain <= upper:
            raise ValueError(
                f"a gain of {gain} from {score:.2f} leaves the range of {part}, {lower:.2f} to {upper:.2f}"
            )
    planned = sum(gains.values()) / race.spread
    return race.chance(planned)


def check_places(number: int, what: str = "places") -> int:
    """Return a number of places to rise, or of years, if there can be so many: a whole number above zero.

    Raises
    ------
    ValueError
        It is none.

    Examples
    --------
    >>> check_places(5)
    5
    """
    if isinstance(number, bool) or not isinstance(number, Integral) or number < 1:
        raise ValueError(f"a climb takes at least one place and one year, in whole numbers, not {number!r} {what}")
    return int(number)


@dataclass(frozen=True)
class _Race:
    """All provinces that were published in the base year, simulated to the target year."""

    code: int
    base_year: int
    #: The target year, whose provinces compete.
    of: int
    target: int
    #: The base year's totals.
    scores: pd.Series
    drawn: pd.DataFrame
    #: By which log odds the draws were too hopeful in earlier years.
    correction: float

    @cached_property
    def spread(self) -> float:
        """Points in a standard deviation between provinces, in the base year."""
        return float(self.scores.std(ddof=0))

    @cached_property
    def own(self) -> np.ndarray:
        """The province's standing in each draw."""
        return self.drawn[self.code].to_numpy()

    @cached_property
    def to_beat(self) -> np.ndarray:
        """The standing that the target rank takes in each draw."""
        return np.sort(self.drawn.drop(columns=self.code).to_numpy(), axis=1)[:, -self.target]

    @cached_property
    def ranks(self) -> pd.Series:
        """The province's rank in each draw."""
        return self.drawn.gt(self.own, axis=0).sum(axis=1) + 1

    def chance(self, gain: float = 0.0) -> float:
        """Return the chance of the target with a lasting gain, in standard deviations between provinces."""
        return float(expit(logit((self.to_beat <= self.own + gain).mean()) + self.correction))

    def gain_for(self, chance: float) -> float:
        """Return the lasting gain in points that makes the target so likely."""
        drawn = expit(logit(chance) - self.correction)
        return float(np.quantile(self.to_beat - self.own, drawn)) * self.spread


def _race(province: str | int, base_year: int, places: int | None, horizon: int, rank: int | None) -> _Race:
    check_places(horizon, "years")
    check_places(places if rank is None else rank, "places" if rank is None else "as rank")
    base = index.check_year(base_year)
    of = base + horizon
    place = find_province(province, of)
    totals = published.series(until=base, of=of)[base].dropna().rename("total")
    if place.code not in totals.index:
        raise ValueError(f"no published total of {place.name_vi} in {base}: choose another base year")
    # The provinces published in the base year compete for the same places then.
    drawn = forecast.simulate(forecast.fit(base, of), horizon)[totals.index]
    now = int((totals > totals[place.code]).sum()) + 1
    target = max(1, now - places) if rank is None else min(rank, len(totals))
    return _Race(place.code, base, of, target, totals, drawn, forecast.correction(base, horizon))


def _gaps(race: _Race) -> pd.DataFrame:
    """Return distances by sub-dimension to those above, peers and the best, and a year's gain within reach."""
    code, year, target = race.code, race.base_year, race.target
    scores = estimates.from_published(year, tuple(index.subdimensions(year)), of=race.of)
    wide = scores.pivot(index="place", columns="part", values="score")[scores["part"].unique()]
    rank = race.scores.rank(ascending=False, method="min").reindex(wide.index)
    frame = pd.DataFrame({"score": wide.loc[code]})
    frame["above"] = wide[(rank >= target) & (rank < rank[code])].mean() - frame["score"]
    for beside in ("region", "cities", "best"):
        frame[beside] = -estimates.gaps(scores, code, beside)["difference"]
    change = wide.std(ddof=0) * [_yearly_change(part, year) for part in wide]
    return frame.assign(**{gain: ndtri(below) * change for gain, below in _SHARES.items()}).rename_axis("part")


@datafiles.cached
def _yearly_change(part: str, until: int) -> float:
    """Return the standard deviation of provinces' real changes in a year, beside the country's.

    In standard deviations between provinces, from all pairs of neighbouring years up to one that compare,
    less the errors of both years; all pairs of the panel where none had come by then. Of the 63 provinces until 2024.
    """
    wide, squares = published.series(part, of=REFORM - 1), {}
    wide = wide[[year for year in wide if year < REFORM]]
    for year in wide.columns[1:]:
        if year - 1 in wide and index.comparable(year - 1, year, part):
            move, margin = (wide[year] - wide[year - 1]).dropna(), precision.margin_of_change(year - 1, year)
            noise = sum(precision.standard_errors_by_province(part, y, margin) ** 2 for y in (year - 1, year))
            squares[year] = ((move - move.mean()) ** 2 - noise) / wide[year].var(ddof=0)
    known = {year: own for year, own in squares.items() if year <= until} or squares
    real = pd.concat(known).mean() if known else 0.0
    return float(np.sqrt(max(real, 0.0)))


def _fewest(reach: pd.Series, gain: float) -> pd.Series:
    """Return the largest gains within reach until they add up, the last one only as far as needed."""
    chosen = {}
    for part, most in reach.sort_values(ascending=False).items():
        if gain <= 1e-9:
            break
        chosen[part] = min(most, gain)
        gain -= chosen[part]
    return pd.Series(chosen if gain <= 1e-9 else {}, dtype=float)


@datafiles.cached
def starts(horizon: int = 1, until: int | None = None, of: int | None = None) -> pd.DataFrame:
    """Return where provinces started and how far they came, for every year of the panel.

    Parameters
    ----------
    horizon : int
        Years between start and end.
    until : int, optional
        Last year in which an end counts: what was known then.
    of : int, optional
        Year whose provinces are followed, as in `papi_lib.published.series`.

    Returns
    -------
    pandas.DataFrame
        ``year``, ``province_code``, ``start`` (rank among the provinces published in both years)
        and ``gain`` (places risen, negative if fallen). Breaks in the index do not matter to ranks.

    Examples
    --------
    >>> starts().tail(2).to_dict("records")
    [{'year': 2023, 'province_code': 95, 'start': 5, 'gain': -14}, {'year': 2023, 'province_code': 96, 'start': 54, 'gain': 39}]
    """
    totals, rows = published.series(until=until, of=of), []
    for year in (y for y in totals.columns if y + horizon in totals):
        ranks = totals[[year, year + horizon]].dropna().rank(ascending=False, method="min").astype(int)
        rows.append(
            pd.DataFrame(
                {"year": year, "start": ranks[year], "gain": ranks[year] - ranks[year + horizon]}
            ).reset_index()
        )
    columns = ["year", "province_code", "start", "gain"]
    return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)


def _track_record(rank: int, target: int, horizon: int, until: int, of: int) -> pd.Series:
    every = starts(horizon, until, of)
    near = every[(every["start"] - rank).abs() <= _NEAR]
    return pd.Series({"started": len(near), "made": int((near["gain"] >= rank - target).sum())})


def _outcome(code: int, year: int, target: int) -> dict | None:
    if year not in index.years() or pd.isna(rank := published.totals(year).loc[code, "rank"]):
        return None
    return {"rank": int(rank), "reached": bool(rank <= target)}
