"""The estimates frame, and all that is made of it: intervals, ranks, differences, changes, one test for all.

An *estimates frame* has a row for each place, part of the index and year:

==========  ================================================================================================
column      what it holds
==========  ================================================================================================
``place``   a province's code, a district's code, or the name of a group of places that the survey estimates
``part``    ``"total"``, a dimension's number or a sub-dimension's key
``year``    year of the survey
``score``   points; missing where not published, or hidden to protect respondents
``se``      standard error of the score, points
``df``      degrees of freedom of the standard error; infinite where it is taken as known
``n``       respondents behind the score; missing where not known
==========  ================================================================================================

Its ``.attrs`` say what it is of: ``whole`` (the place that all others are compared with, or ``"mean"`` for the
unweighted mean of all places), ``groups`` (rows that are no single place), ``margin`` (what the standard error
holds), ``source``, ``simulated`` and, where places share respondents, ``covariance``. `from_published` makes such
a frame, `papi_lib.survey.units.Survey.estimates` makes others; every function here
takes any of them. Nothing else in this project computes a difference with its noise, or says that one is clear.
"""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterable, Mapping

import numpy as np
import pandas as pd
from scipy import special

from papi_lib import datafiles, index, places, precision, published, ranks
from papi_lib.survey import means

#: What a place can be compared with, besides another place: what all are part of; its own kind (its region, or
#: districts of its type); and of provinces also median, region, the cities under central government, and the best.
BESIDE = ("whole", "peers", "median", "region", "cities", "best")
#: A claim that nothing differs is wrongly refused at most so often, over all that are tested together.
LEVEL = 0.95
#: Claims of a province's pages are tested a little more strictly: sizes of errors that are estimates themselves, and a
#: page that shows two families, leave somewhat more than they should (`benchmarks/false_claims.py`).
CLAIMED = 0.96
#: Columns that only changes have.
CHANGES = ("since", "before", "change", "change_se", "country", "rank_before", "rank", "of")


class Covariance(dict):
    """Covariances between the places of a frame, by part; pandas may copy, compare and store what holds it.

    Examples
    --------
    >>> Covariance({1: pd.DataFrame([[4.0, 1.0], [1.0, 9.0]], ["A", "B"], ["A", "B"])}).of(1, ["B"]).tolist()
    [[9.0]]
    """

    def __init__(self, matrices: Mapping[int | str, pd.DataFrame]) -> None:
        super().__init__()
        self.matrices = matrices

    def __deepcopy__(self, memo: dict) -> Covariance:
        return self

    def of(self, part: int | str, members: Iterable[Hashable]) -> np.ndarray:
        """Return the covariances of some places' scores in one part, points²."""
        members = list(members)
        return self.matrices[part].loc[members, members].to_numpy()


@datafiles.cached
def from_published(
    years: int | tuple[int, ...], parts: tuple[int | str, ...] | None = None, margin: str = "level",
    of: int | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return published scores with their standard errors as an estimates frame: all provinces of a year.

    Parameters
    ----------
    years : int or tuple of int
        Years of the survey.
    parts : tuple of int and str, optional
        Parts of the index; by default the total and the dimensions. A year that lacks a part has no rows of it.
    margin : str
        What the standard errors hold, one of `papi_lib.precision.MARGINS`: ``level`` to compare places, and years
        between which other districts and villages were drawn; ``passing`` to compare years of one sample.
    of : int, optional
        Year whose provinces the frame is of, by default the last of `years`. The 34 since 2025 have no published
        scores before: see `papi_lib.published.series` for how these are reconstructed. The errors of the provinces
        that one was formed of are taken as independent.

    Returns
    -------
    pandas.DataFrame
        An estimates frame, by year and part in the order given.

    Examples
    --------
    >>> from_published(2024, (8,)).query("place == 1")[["score", "se"]].round(2).to_dict("records")
    [{'score': 4.05, 'se': 0.09}]
    """
    keys, scores, wanted = [], [], np.atleast_1d(years).tolist()
    of = max(wanted) if of is None else of
    for year in wanted:
        df = precision.standard_errors(year, margin=margin)["df"]
        for part in ("total", *index.dimensions(year)) if parts is None else parts:
            known = published.series(part, of=of)
            if year in known:
                keys.append((part, year, df[part]))
                scores.append((known[year], precision.standard_errors_by_province(part, year, margin, of)))
    members = published.series(of=of).index
    own, year, df = np.array([*keys, (None,) * 3], dtype=object)[:-1].repeat(len(members), axis=0).T
    score, se = np.array(scores, dtype=float).reshape(-1, 2, len(members)).swapaxes(0, 1).reshape(2, -1)
    frame = pd.DataFrame({
        "place": np.tile(members, len(keys)), "part": own, "year": year.astype(int), "score": score,
        "se": np.where(np.isnan(score), np.nan, se), "df": df.astype(float), "n": np.nan,
    })  # fmt: skip
    frame.attrs = {"whole": "mean", "groups": (), "margin": margin, "of": of, "simulated": False}
    return frame


def wide(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the scores of one year as a table: a row a place (groups left out), a column a part, in the frame's order.

    Examples
    --------
    >>> wide(from_published(2024)).shape
    (63, 9)
    """
    own = frame[~frame["place"].isin(frame.attrs["groups"])]
    return own.set_index(["place", "part"])["score"].unstack()[list(frame["part"].unique())]


def intervals(frame: pd.DataFrame, level: float = LEVEL) -> pd.DataFrame:
    """Add half the interval's width ``margin`` and its ends ``low`` and ``high`` (points; Student's t).

    Of a frame that has a scale's ends (``least``, ``most``) and the ``effective`` sample size, as a survey's, the interval
    is Wilson's, which never leaves the scale and is not even about the score (`papi_lib.survey.means.wilson`).

    Examples
    --------
    >>> intervals(from_published(2024, (8,))).query("place == 1")[["low", "high"]].round(2).to_numpy().tolist()
    [[3.85, 4.24]]
    """
    reach = quantile(frame["df"], level)
    margin = reach * frame["se"]
    low, high = frame["score"] - margin, frame["score"] + margin
    if "effective" in frame:
        span = frame["most"] - frame["least"]
        share = ((frame["score"] - frame["least"]) / span).clip(0, 1)
        low, high = (frame["least"] + span * end for end in means.wilson(share, frame["effective"], reach))
    return frame.assign(margin=margin, low=low, high=high)


def standing(
    frame: pd.DataFrame, part: int | str, year: int | None = None, only: Hashable | None = None, sets: bool = True
) -> pd.DataFrame:
    """Order places by their score in one part, with the sets of ranks that the errors leave possible.

    Parameters
    ----------
    frame : pandas.DataFrame
        An estimates frame.
    part : int or str
        Part of the index.
    year : int, optional
        By default the frame's last.
    only : hashable, optional
        The one place whose set of ranks is wanted, in a fraction of the time; other places' sets are then missing.
    sets : bool
        Whether sets are wanted at all.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``place``, groups left out: ``score``, ``se``, ``df``, ``n``, ``margin``, ``low``, ``high``,
        ``rank`` (1 = highest), ``lower`` and ``upper`` (95% confidence set, each by itself, if wanted), ``group`` (1-4,
        quartiles, 1 = highest); missing where the score is.

    Examples
    --------
    >>> standing(from_published(2024), 8).loc[1, ["rank", "lower", "upper"]].astype(int).to_dict()
    {'rank': 2, 'lower': 1, 'upper': 20}
    """
    year = frame["year"].max() if year is None else year
    if len(frame) and part not in set(frame["part"]):
        raise ValueError(f"no part {part!r} in the frame; there are {', '.join(map(str, frame['part'].unique()))}")
    own = frame[(frame["part"] == part) & (frame["year"] == year) & ~frame["place"].isin(frame.attrs["groups"])]
    own = intervals(own.set_index("place").drop(columns=["part", "year"]))
    order = published.standing(own["score"]).drop(columns="score")
    if not sets:
        return own.join(order)
    wider = own["margin"] / own["se"] / special.ndtri(0.975)
    known = own.index[own["score"].notna() & (own["se"] > 0)]
    covariance = frame.attrs.get("covariance")
    if len(known) < 2 and covariance is not None:  # one place of a survey is in no order
        return own.join(order).assign(lower=pd.NA, upper=pd.NA)
    errors = own["se"] * wider
    if covariance is not None:
        scale = np.diag(wider[known])
        errors = pd.DataFrame(scale @ covariance.of(part, known) @ scale, known, known)
    bounds = ranks.rank_confidence_sets(own["score"][known], errors.loc[known], simultaneous=False, only=only)
    return own.join(order).join(bounds[["lower", "upper"]])


def gaps(frame: pd.DataFrame, place: Hashable, beside: Hashable = "whole") -> pd.DataFrame:
    """Compare a place with a whole, its peers or another place, part by part, with the noise of both sides.

    Parameters
    ----------
    frame : pandas.DataFrame
        An estimates frame, of one or several years.
    place : hashable
        The place in question.
    beside : hashable
        One of `BESIDE`, or another place of the frame, or a list of places: their mean.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``part``, in the frame's order: ``year``, ``score``, ``beside`` (the score compared with),
        ``difference``, its ``se``, ``df`` and ``margin`` (half the 95% interval), in points; ``z`` and
        ``clear``, whether the difference is more than its margin of error when all parts of a year are tested
        together (`together`).

    Notes
    -----
    A place that is part of a mean counts on both sides. The noise of a median is taken as that of a mean, times
    √(π/2), as for normal scores. The best is the best partly by luck, so that its lead is rather smaller.

    Examples
    --------
    >>> gaps(from_published(2024), 1).query("clear")["difference"].round(2).to_dict()
    {7: -0.77, 8: 0.65}
    """
    return together(_contrasts(frame, _place(frame, place), beside), by="year")


def _place(frame: pd.DataFrame, place: Hashable) -> Hashable:
    """Return a place as the frame calls it: provinces may be named in any spelling."""
    known = frame["place"]
    if place in set(known):
        return place
    if not pd.api.types.is_numeric_dtype(known):
        raise ValueError(f"the frame has no place {place!r}; it has {', '.join(map(str, known.unique()[:5]))}, …")
    if (code := places.province(place, frame.attrs.get("of")).code) not in set(known):
        raise ValueError(f"the frame has no rows of {place!r} (code {code})")
    return code


def changes(now: pd.DataFrame, before: pd.DataFrame, place: Hashable) -> pd.DataFrame:
    """Return what a place gained between two surveys, and how much more than all places that both have.

    Parameters
    ----------
    now, before : pandas.DataFrame
        Estimates frames of one year each, of surveys whose errors are independent and whose scores compare.
    place : hashable
        The place in question.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``part`` (those of both frames): ``since`` (the earlier year), ``before``, ``score``,
        ``change`` and ``change_se``; ``country`` (mean change of the places that both have); ``difference``,
        the change less this mean, its ``se``, ``df``, ``margin``, ``z`` and ``clear`` as in `gaps`; ``rank_before``
        and ``rank`` among the places that both have, which are ``of``.

    Examples
    --------
    >>> moved = changes(*between(2021, 2024, (8,)), 1)
    >>> moved[["change", "country", "difference"]].round(2).loc[8].to_list()
    [0.44, 0.51, -0.07]
    """
    return together(_moves(now, before, place))


def since(place: int, year: int, part: int | str) -> pd.Series | None:
    """Return a province's row of `changes` since the last year that compares; None where there is none.

    ``change_margin`` is half the 95% interval of the change by itself, in points.

    Examples
    --------
    >>> since(1, 2024, 8)[["since", "change", "change_margin"]].astype(float).round(2).to_list()
    [2023.0, 0.07, 0.28]
    """
    earlier = [y for y in index.segment(year, part) if y < year]
    if not earlier:
        return None
    now, before = between(max(earlier), year, (part,))
    row = changes(now, before, place).iloc[0]
    row["change_margin"] = quantile(pd.Series([row["df"]]), LEVEL)[0] * row["change_se"]
    return row


def between(before: int, year: int, parts: tuple[int | str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the frames of two years for `changes`, the later first, with the margin that their comparison needs.

    Examples
    --------
    >>> [frame.attrs["margin"] for frame in between(2021, 2024, (8,))]
    ['passing', 'passing']
    """
    margin = precision.margin_of_change(before, year)
    return from_published(year, parts, margin), from_published(before, parts, margin, year)


@datafiles.cached
def claims(place: str | int, year: int, dimension: int | None = None, margin: str = "level") -> pd.DataFrame:
    """Return every claim that pages make of a province's scores, each with the one verdict that all pages share.

    Claims are of two kinds: a ``gap`` to the mean of provinces, and a ``change`` since the first year that compares,
    less the country's own change. Those on the total and the dimensions are tested as one family, and those on the
    sub-dimensions of one dimension as another, so that with at least 95% nothing on a page is called clear that
    is only noise (Holm).

    Parameters
    ----------
    place : str or int
        The province's name or code.
    year : int
        Year of the survey.
    dimension : int, optional
        The dimension whose sub-dimensions are claimed about; by default the total and the dimensions.
    margin : str
        What the errors of gaps hold: another of `papi_lib.precision.MARGINS` to see what would be claimed then.

    Returns
    -------
    pandas.DataFrame
        ``part``, ``kind``, and the columns of `gaps` and `changes`.

    Examples
    --------
    >>> claims(1, 2024).query("clear")[["part", "kind"]].to_numpy().tolist()
    [[7, 'gap'], [8, 'gap']]
    """
    parts, place = _family(year, dimension), places.province(place, year).code
    gap = _contrasts(from_published(year, parts, margin), place, "whole").assign(kind="gap")
    found = pd.concat([gap, _since_first(place, year, parts)])
    return together(found.rename_axis("part").reset_index(), level=CLAIMED)


@datafiles.cached
def _since_first(place: int, year: int, parts: tuple[int | str, ...]) -> pd.DataFrame:
    """Return the changes of parts since the first year that compares, of those that have one."""
    first = {part: min(index.segment(year, part)) for part in parts}
    found = [
        _moves(*between(earlier, year, tuple(part for part in parts if first[part] == earlier)), place)
        for earlier in set(first.values()) - {year}
    ]
    moved = pd.concat(found or [pd.DataFrame()])
    return moved.loc[[part for part in parts if part in moved.index]].assign(kind="change")


def verdict(place: str | int, year: int, parts: Iterable[int | str], beside: Hashable = "whole") -> pd.DataFrame:
    """Return the one verdict on how parts of a province's score differ from what they are compared with.

    Beside the whole it is that of `claims`, which pages tell. Beside anything else a part is tested together with
    the same other parts: the total and the dimensions, or the sub-dimensions of one dimension.

    Parameters
    ----------
    place, year
        As in `claims`.
    parts : iterable of int and str
        Parts of the index that the year has.
    beside : hashable
        As in `gaps`.

    Returns
    -------
    pandas.DataFrame
        Indexed by ``part``, as given; the columns of `gaps`.

    Examples
    --------
    >>> verdict(1, 2024, [8, "internet_access"], "cities")[["difference", "margin"]].round(2).to_numpy().tolist()
    [[0.35, 0.28], [0.22, 0.34]]
    """
    families = {part: index.dimension_of(part) if isinstance(part, str) and part != "total" else None for part in parts}
    found = []
    for dimension in dict.fromkeys(families.values()):
        if beside == "whole":
            told = claims(place, year, dimension).query("kind == 'gap'").set_index("part")
            found.append(told.drop(columns=["kind", *CHANGES], errors="ignore"))
        else:
            found.append(gaps(from_published(year, _family(year, dimension)), place, beside))
    return pd.concat(found).loc[list(families)]


def history(
    place: str | int, parts: Iterable[int | str], beside: Hashable = "whole", first: int = 0, until: int | None = None
) -> pd.DataFrame:
    """Follow a province's published scores year by year beside what they are compared with.

    Returns
    -------
    pandas.DataFrame
        Tidy: ``part``, ``year``, ``segment`` (first year of the run of years that compare), ``score`` and
        ``score_se``, ``beside``, ``difference`` and its ``se``, ``lower_quartile`` and ``upper_quartile`` of the
        provinces, in points; empty where no year has the parts. Across two segments nothing compares; whether a
        difference is clear says `verdict`.

    Examples
    --------
    >>> history(1, [8], "cities", first=2023)[["year", "score", "beside", "difference"]].round(2).to_numpy().tolist()
    [[2023.0, 3.97, 3.54, 0.43], [2024.0, 4.05, 3.7, 0.35]]
    """
    spans, parts = [], tuple(parts)
    for part in parts:
        scores = published.series(part, until).loc[:, first:]
        low, high = scores.quantile([0.25, 0.75]).to_numpy()
        about = {"year": scores.columns, "segment": [min(index.segment(year, part)) for year in scores]}
        spans.append(pd.DataFrame({"part": part} | about | {"lower_quartile": low, "upper_quartile": high}))
    spans = pd.concat(spans, ignore_index=True)
    if spans.empty:
        return spans
    frame = from_published(tuple(sorted(spans["year"].unique().tolist())), parts, of=until)
    table = _contrasts(frame, _place(frame, place), beside).reset_index()
    return spans.merge(table, on=["part", "year"], how="left").astype({"part": object})


def together(frame: pd.DataFrame, by: str | None = None, level: float = LEVEL) -> pd.DataFrame:
    """Tell which of several differences exceed their noise when they are looked at together.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``difference``, ``se`` and, where standard errors come from few clusters, ``df``; further columns are kept.
    by : str, optional
        Column whose values make families of their own.
    level : float
        With at least this probability no difference of a family that is only noise is called clear (Holm's
        step-down procedure, Scandinavian Journal of Statistics 6, 1979).

    Returns
    -------
    pandas.DataFrame
        The rows with ``z`` (difference over standard error), ``clear``, and ``margin``, what the difference had to
        exceed for that: half an interval that is wider the more is looked at together. A difference that is
        missing, or whose error is missing or zero, is never clear.

    Examples
    --------
    >>> found = together(pd.DataFrame({"difference": [0.1, 3.0, -2.0], "se": 1.0}))
    >>> found["clear"].to_list()
    [False, True, False]
    """
    se = frame["se"].where(frame["se"] > 0).astype(float)
    df = (frame["df"] if "df" in frame else pd.Series(np.inf, frame.index)).astype(float)
    z = frame["difference"] / se
    tails = 2 * np.where(df == np.inf, special.ndtr(-z.abs()), special.stdtr(df, -z.abs()))
    clear, few = np.zeros(len(frame), dtype=bool), np.full(len(frame), np.nan)
    families = pd.factorize(frame[by])[0] if by else np.zeros(len(frame), dtype=int)
    for family in range(families.max(initial=-1) + 1):
        own = np.flatnonzero((families == family) & np.isfinite(tails))
        own = own[np.argsort(tails[own], kind="stable")]
        left = np.arange(len(own), 0, -1)  # how many are not clear yet
        clear[own] = np.logical_and.accumulate(tails[own] <= (1 - level) / left)
        few[own] = np.maximum(left, len(own) - clear[own].sum())
    return frame.assign(margin=quantile(df, 1 - (1 - level) / few) * se, z=z, clear=clear)


def _weights(scores: np.ndarray, members: pd.Index, place: Hashable, beside: Hashable, of: int | None) -> np.ndarray:
    """Return what each place counts in what `place` is compared with: keys × places, each row's sum is one."""
    known = np.isfinite(scores)
    if beside == "best":
        chosen = scores == np.nanmax(np.where(known, scores, -np.inf), axis=1, keepdims=True)
    elif beside in ("whole", "median"):
        chosen = known
    elif beside in ("region", "cities", "peers"):
        kind = "region" if beside == "peers" else beside
        chosen = known & members.isin(places.peers(places.province(place, of), kind, of))
    elif 0 < len(own := beside if isinstance(beside, tuple) else (beside,)) == members.isin(own).sum():
        chosen = known & members.isin(own)
    else:
        near = "".join(f"; did you mean {one!r}?" for one in difflib.get_close_matches(str(beside), BESIDE, 1))
        raise ValueError(f"no place {beside!r} in the frame{near or ';'} compare with one of {', '.join(BESIDE)} or another place")  # fmt: skip
    with np.errstate(invalid="ignore"):
        return chosen / chosen.sum(axis=1, keepdims=True)


def _family(year: int, dimension: int | None) -> tuple[int | str, ...]:
    """Return the parts that are tested together: a dimension's sub-dimensions, or the total and the dimensions."""
    return ("total", *index.dimensions(year)) if dimension is None else tuple(index.subdimensions(year, dimension))


def _contrasts(frame: pd.DataFrame, place: Hashable, beside: Hashable, attrs: dict | None = None) -> pd.DataFrame:
    """Return a place's scores, what they are compared with, and the differences with their errors."""
    attrs = frame.attrs if attrs is None else attrs
    groups, covariance = attrs["groups"], attrs.get("covariance")
    beside = tuple(beside) if isinstance(beside, list) else beside
    if beside in attrs:  # the place that all others are part of, or those of the same kind
        named = attrs[beside]
        beside = named.get(place, "whole") if isinstance(named, dict) else beside if named == "mean" else named
    row, keys = pd.factorize(pd.Series(zip(frame["part"], frame["year"], strict=True), dtype=object))
    parts, years = zip(*keys, strict=True)
    column, members = pd.factorize(frame["place"])
    score, se, df, n = np.full((4, len(keys), len(members)), np.nan)
    for array, name in ((score, "score"), (se, "se"), (df, "df"), (n, "n")):
        array[row, column] = frame[name]
    units = np.where(members.isin(groups), np.nan, score) if beside not in groups else score
    own = members.get_loc(place)
    weight = _weights(units, members, place, beside, attrs.get("of"))
    if beside == "median":
        value, weight = np.nanmedian(units, axis=1), weight * np.sqrt(np.pi / 2)
    else:
        sums = (np.nan_to_num(score) * np.nan_to_num(weight)).sum(axis=1)
        value = np.where(np.isnan(weight).any(axis=1), np.nan, sums)
    contrast = -np.nan_to_num(weight)
    contrast[:, own] += 1
    if covariance is None:
        variance = np.nansum(contrast**2 * se**2, axis=1)
    else:
        pairs = zip(parts, contrast, strict=True)
        variance = np.array([c[c != 0] @ covariance.of(part, members[c != 0]) @ c[c != 0] for part, c in pairs])
        variance[variance <= 1e-9 * se[:, own] ** 2] = np.nan  # the same people: nothing is compared
    difference = np.where(np.isnan(variance), np.nan, score[:, own] - value)
    noise = np.where(np.isfinite(difference), np.sqrt(np.maximum(variance, 0)), np.nan)
    return pd.DataFrame({
        "year": years, "score": score[:, own], "score_se": se[:, own], "n": n[:, own], "beside": value,
        "difference": difference, "se": noise, "df": df[:, own],
    }, index=pd.Index(parts, name="part", dtype=object))  # fmt: skip


def _moves(now: pd.DataFrame, before: pd.DataFrame, place: Hashable) -> pd.DataFrame:
    """Return the columns of `changes` that tell no verdict."""
    keys = ["part", "place"]
    after = now.set_index(keys)
    earlier = before.set_index(keys).reindex(after.index).assign(year=before["year"].iloc[0])
    part, own = after.index.get_level_values("part"), after.index.get_level_values("place") == place
    known = (after["score"].notna() & earlier["score"].notna()).to_numpy()
    kept = (known | own) & part.isin(part[known])
    new = _contrasts(after[kept].reset_index(), place, "whole", now.attrs)
    old = _contrasts(earlier[kept].reset_index(), place, "whole", before.attrs)
    both = pd.DataFrame({"rank_before": earlier["score"], "rank": after["score"]})[known].groupby(
        part[known], sort=False
    )
    order = both.rank(ascending=False, method="min")[own[known]].droplevel("place").reindex(new.index)
    gain = new[["score", "beside", "difference"]] - old[["score", "beside", "difference"]]
    noise = np.hypot(new[["score_se", "se"]], old[["score_se", "se"]])
    return pd.DataFrame({
        "since": old["year"], "before": old["score"], "score": new["score"], "change": gain["score"],
        "change_se": noise["score_se"], "country": gain["beside"], "difference": gain["difference"], "se": noise["se"],
        "df": np.minimum(new["df"], old["df"]), "rank_before": order["rank_before"], "rank": order["rank"],
        "of": both.size().reindex(new.index),
    })  # fmt: skip


def quantile(df: pd.Series, level: pd.Series | float) -> pd.Series:
    """Return how many standard errors half an interval is: Student's quantile, normal for infinite degrees of freedom.

    Examples
    --------
    >>> quantile(pd.Series([10.0, np.inf, 0.0]), 0.95).round(2).to_list()
    [2.23, 1.96, nan]
    """
    known = df.where((df > 0) & (df < np.inf)).astype(float)
    tail = (1 + level) / 2
    return pd.Series(np.where(df == np.inf, special.ndtri(tail), special.stdtrit(known, tail)), df.index)
