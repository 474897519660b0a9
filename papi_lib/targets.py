"""What it takes to climb, how likely that is, and afterwards whether it was more than luck.

Across a break in the index only places in the order of provinces are compared, never points.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from types import SimpleNamespace

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


@datafiles.cached
def climb(
    province: str | int, base_year: int, places: int | None = None, horizon: int = 1, *, rank: int | None = None
) -> SimpleNamespace:
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
    types.SimpleNamespace
        ``province_code``, ``base_year``, ``target_year``, ``places``; ``rank`` by published total in the base year, and
        among how many provinces (``of``); ``target_rank`` to reach; ``score``, the total in the base year, and
        ``needed_now``, the points that would have put it at the target rank then.

        ``gaps``, a frame by sub-dimension, in points: ``score`` and its distance to the mean of the provinces to pass
        (``above``), of the region (``region``), of the cities under central government (``cities``) and to the best
        (``best``); ``usual`` and ``reach``, the lasting gains that one province in four and one in ten make in a year,
        over the years to the target and never beyond the best score.

        ``track_record``, a series: ``started``, how often a province with published totals started within five places
        of this rank, over the same number of years, as far as was known in the base year; ``made``, how often it rose
        as far as from here to the target.

        ``probability``, the chance of the target if nothing special is done, corrected as
        `papi_lib.forecast.correction` says; ``needed_gain``, the lasting gain in points that makes it as likely as each
        key says (missing if out of reach), and ``steps``, the fewest sub-dimensions whose gains within reach add up to
        it (a series of points; empty if none do); ``ranks``, quantiles (0.05, 0.25, 0.5, 0.75, 0.95) of the simulated
        rank in the target year; ``outcome``, if that is published, ``rank`` and ``reached``, else None.

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
    judged, scores, drawn, lacks, hope = _race(province, base_year, places, horizon, rank)
    code, base, up = judged.province_code, judged.base_year, judged.places
    judged.needed_now = float(scores.nlargest(judged.target_rank).iloc[-1] - scores[code])
    judged.gaps = _gaps(judged, scores, horizon)
    every = starts(horizon, base, judged.target_year)
    near = every.loc[(every["start"] - judged.rank).abs() <= _NEAR, "gain"]
    judged.track_record = pd.Series({"started": len(near), "made": int((near >= up).sum())})
    judged.probability = _chance(lacks, 0, hope)
    judged.needed_gain = {c: max(float(np.quantile(lacks, expit(logit(c) - hope))), 0.0) for c in _CHANCES}
    judged.steps = {chance: _fewest(judged.gaps["reach"], gain) for chance, gain in judged.needed_gain.items()}
    judged.ranks = drawn.quantile([0.05, 0.25, 0.5, 0.75, 0.95], interpolation="nearest").astype(int)
    came = published.totals(base + horizon).loc[code, "rank"] if base + horizon in index.years() else pd.NA
    judged.outcome = None if pd.isna(came) else {"rank": int(came), "reached": bool(came <= judged.target_rank)}
    return judged


def chance(
    province: str | int, base_year: int, places: int | None, gains: Mapping[str, float] | pd.Series,
    horizon: int = 1, *, rank: int | None = None,
) -> float:  # fmt: skip
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
    judged, _, _, lacks, hope = _race(province, base_year, places, horizon, rank)
    base = judged.base_year
    structure, gains = index.structure(base).set_index("subdimension"), dict(gains)
    for part, gain in gains.items():
        if part not in structure.index:
            raise ValueError(f"no sub-dimension {part!r} in {base}; choose from {', '.join(structure.index)}")
        score = published.series(part, of=judged.target_year).loc[judged.province_code, base]
        lower, upper = structure.loc[part, ["lower", "upper"]]
        if not lower <= score + gain <= upper:
            raise ValueError(
                f"a gain of {gain} from {score:.2f} leaves the range of {part}, {lower:.2f} to {upper:.2f}"
            )
    return _chance(lacks, sum(gains.values()), hope)


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


def _race(
    province: str | int, base_year: int, places: int | None, horizon: int, rank: int | None
) -> tuple[SimpleNamespace, pd.Series, pd.Series, np.ndarray, float]:
    """Simulate all provinces that were published in the base year to the target year.

    Returns what is known then as `climb` has it; the base year's totals; the province's rank in each draw; what it lacks
    to the target rank in each, in points of the base year; and by which log odds the draws were too hopeful before.
    """
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
    own, others = drawn[place.code], np.sort(drawn.drop(columns=place.code).to_numpy(), axis=1)
    now = int((totals > totals[place.code]).sum()) + 1
    target = max(1, now - places) if rank is None else min(rank, len(totals))
    about = {"province_code": place.code, "base_year": base, "target_year": of, "score": float(totals[place.code])}
    known = SimpleNamespace(**about, places=now - target, rank=now, of=len(totals), target_rank=target)
    ranks, lacks = drawn.gt(own, axis=0).sum(axis=1) + 1, (others[:, -target] - own.to_numpy()) * totals.std(ddof=0)
    return known, totals, ranks, lacks, forecast.correction(base, horizon)


def _chance(lacks: np.ndarray, gain: float, hope: float) -> float:
    """Return the chance of a target with a lasting gain in points."""
    return float(expit(logit((lacks <= gain).mean()) + hope))


def _gaps(judged: SimpleNamespace, totals: pd.Series, horizon: int) -> pd.DataFrame:
    """Return distances by sub-dimension to those to pass, peers and the best, and gains within reach."""
    code, year = judged.province_code, judged.base_year
    scores = estimates.from_published(year, tuple(index.subdimensions(year)), of=judged.target_year)
    wide = estimates.wide(scores)
    rank = totals.rank(ascending=False, method="min").reindex(wide.index)
    frame = pd.DataFrame({"score": wide.loc[code]})
    frame["above"] = wide[(rank >= judged.target_rank) & (rank < rank[code])].mean() - frame["score"]
    for beside in ("region", "cities", "best"):
        frame[beside] = -estimates.gaps(scores, code, beside)["difference"]
    change = horizon * wide.std(ddof=0) * [_yearly_change(part, year) for part in wide]
    for gain, below in _SHARES.items():
        frame[gain] = np.minimum(ndtri(below) * change, frame["best"].clip(lower=0))
    return frame.rename_axis("part")


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
    most = reach.sort_values(ascending=False)
    chosen = most.clip(upper=gain - most.cumsum().shift(fill_value=0))
    return chosen[chosen > 1e-9] if most.sum() >= gain - 1e-9 else chosen.iloc[:0]


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
        ranks = ranks.set_axis(["start", "end"], axis=1).assign(year=year).reset_index()
        rows.append(ranks.assign(gain=ranks["start"] - ranks["end"]))
    columns = ["year", "province_code", "start", "gain"]
    return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)
