"""Which figures must not be shown, so that nobody's answers can be told from them.

An estimate on too few respondents or clusters is hidden, and one for which all gave one answer. Respondents count as
their weights do (L. Kish, Survey Sampling, 1965): where one holds more than half of the weight they are fewer than
four, however many were asked, so that no figure is one person's answer (the dominance rule). What is hidden must not
come out by subtraction: a dimension is the sum of its sub-dimensions, a city the weighted mean of its districts. All
these sums make a system of linear equations; as long as one of the hidden figures follows from it, another figure of
one of its sums is hidden with it, the one with the fewest respondents (complementary suppression; A. Hundepool et al.,
Statistical Disclosure Control, 2012, chapter 4). The same where what a sum leaves for its hidden parts together is
itself a figure that must not be shown.

What is shown is rounded (`rounded`), because the difference of two exact figures, with and without a respondent,
is that respondent's answer. Rounding makes this rare, it does not rule it out: pages on two files that differ in a
few respondents should not both be given away. A register tells of such files (`released`); it holds no answer, of each
respondent a keyed digest, by which equal ones are found again.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.linalg import null_space

from papi_lib import atomic
from papi_lib.page.words import mark

#: The smallest numbers of respondents, as their weights count, and of clusters that an estimate may stand on.
LEAST_RESPONDENTS, LEAST_CLUSTERS = 10, 3
#: Why a figure of a survey is not shown. The last one does not say which of the two it is, or it would tell the answer.
REASONS = {
    "not_asked": mark("this was not asked in the survey"),
    "part_not_asked": mark("a question behind it was not asked in the survey"),
    "few": mark("too few people answered"),
    "uneven": mark("a few people's weights make up most of it"),
    "one_cluster": mark("all answers come from one village or residential group only, so there is no standard error"),
    "few_clusters": mark("the answers come from too few villages and residential groups"),
    "no_error": mark("villages and residential groups do not differ, so there is no standard error"),
    "protected": mark("all gave the same answer, or the figure would give another away"),
}
#: A shown figure is rounded to a step of at least this share of its standard error; zero: to its decimals only.
STEP = 0.5
#: Most decimals of what is shown of respondents' answers, points and shares alike.
DECIMALS = 2


def hidden(
    respondents: pd.DataFrame, clusters: pd.DataFrame, sums: Mapping[object, Sequence], groups: pd.Series, *,
    alike: pd.DataFrame | None = None, also: pd.DataFrame | None = None, weight: pd.DataFrame | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Return which cells of a table are not to be shown.

    Parameters
    ----------
    respondents, clusters : pandas.DataFrame
        Areas × series: how many an estimate stands on, of those who were asked and answered; respondents as their
        weights count.
    sums : mapping
        Series that are the sum of others, to those others: ``{1: ["civic_knowledge", …], "total": [1, 2, …]}``. A
        sum that is no column of the table is taken to be shown.
    groups : pandas.Series
        The area that each area is part of: a group of districts, the city; missing where there is none. The
        figure of a group that is no row of the table is taken to be shown for every series.
    alike : pandas.DataFrame, optional
        Areas × series: true where all who were asked gave one answer.
    also : pandas.DataFrame, optional
        Areas × series: true where a figure is hidden for another reason already.
    weight : pandas.DataFrame, optional
        Areas × series: the sum of the respondents' weights; by default all weigh alike.

    Returns
    -------
    pandas.DataFrame
        Areas × series, true where the figure must not be shown.

    Raises
    ------
    ValueError
        A hidden figure cannot be protected (a group of one area that is no row of the table).

    Examples
    --------
    >>> n = pd.DataFrame({"a": [5, 40, 30], "b": [20, 40, 30], "sum": [20, 40, 30]}, index=["x", "y", "z"])
    >>> hidden(n, n, {"sum": ["a", "b"]}, pd.Series("all", n.index)).to_numpy().tolist()
    [[True, True, False], [False, False, False], [True, True, False]]
    """
    none = respondents.isna()
    alike, also = (none if table is None else table for table in (alike, also))
    weight = respondents if weight is None else weight
    first = (respondents < LEAST_RESPONDENTS) | (clusters < LEAST_CLUSTERS) | alike | also
    if not first.to_numpy().any():
        return first
    n, c, one, w, hide = (table.to_numpy().ravel().copy() for table in (respondents, clusters, alike, weight, first))
    relations = _relations(pd.DataFrame(np.arange(hide.size).reshape(first.shape), *first.axes), sums, groups)
    # to readers a sum is worth more than one of its parts, a group more than one of its members
    worth = np.add.outer(first.index.isin(groups).astype(int), first.columns.isin(list(sums))).ravel()

    def tells(sum_: _Sum) -> bool:
        """Tell whether the shown cells of a sum give away its hidden one, or of several a figure not to be shown."""
        gone = sum_.cells[hide[sum_.cells]]
        if len(gone) < 2:
            return len(gone) == 1
        if sum_.whole and hide[sum_.cells[0]] or len(gone) == len(sum_.cells) - sum_.whole:
            return False
        people, drawn = n[gone].max(), c[gone].max()
        if sum_.apart:
            some = gone[n[gone] > 0]
            people, drawn = _counting(w[some].sum(), (w[some] ** 2 / n[some]).sum()), c[gone].sum()
        return people < LEAST_RESPONDENTS or drawn < LEAST_CLUSTERS or one[gone].all()

    of = [[] for _ in hide]  # the sums that a cell is in: these alone are looked at again where it is hidden
    for at, sum_ in enumerate(relations):
        for cell in sum_.cells:
            of[cell].append(at)
    telling = np.array([tells(sum_) for sum_ in relations])
    while own := [relations[telling.argmax()]] if telling.any() else _following(hide, relations):
        cells = min((sum_.cells for sum_ in own), key=lambda cells: hide[cells].sum())
        shown = cells[~hide[cells]]
        if not len(shown):
            raise ValueError("a figure cannot be hidden: everything it adds up with is hidden already")
        gone = min(shown, key=lambda cell: (worth[cell], n[cell]))
        hide[gone] = True
        telling[of[gone]] = [tells(relations[at]) for at in of[gone]]
    return pd.DataFrame(hide.reshape(first.shape), *first.axes)


def reasons(
    answers: pd.DataFrame, asked: pd.DataFrame, combination: pd.DataFrame, sums: Mapping[object, Sequence],
    groups: pd.Series,
) -> pd.DataFrame:  # fmt: skip
    """Return why figures of a survey are not to be shown: items, sub-dimensions and what these add up to.

    A sub-dimension is hidden as `hidden` says, on no more respondents than its item with the fewest answers, and
    all its items with it. Where it is shown, an item may still be hidden, and then others of it, so that neither
    the sub-dimension nor the groups give it away.

    Parameters
    ----------
    answers : pandas.DataFrame
        A row a respondent in a domain (in several, if domains overlap): ``domain``, ``stratum``, ``cluster``,
        ``weight`` and the items' shares (0-1), missing where there is no answer.
    asked : pandas.DataFrame
        The items alike: true where the share is an answer, not what stands for an item that was not to be asked.
    combination : pandas.DataFrame
        From `papi_lib.survey.codebook.combination`: items × series.
    sums : mapping
        As in `hidden`: dimensions and the total. The other series of `combination` are sub-dimensions.
    groups : pandas.Series
        As in `hidden`, by domain.

    Returns
    -------
    pandas.DataFrame
        Domains × (series, then items): one of `REASONS`, or empty where the figure may be shown.
    """
    member = combination > 0
    parts = {series: list(combination.index[member[series]]) for series in combination}
    small = [series for series in combination if series not in sums]
    design = [answers[column] for column in ("domain", "stratum", "cluster")]
    shares = answers[combination.index]
    lacking = set(shares.columns[shares.isna().all()])
    series = [whole for whole, own in parts.items() if not lacking.intersection(own)]

    def of_any(table: pd.DataFrame) -> pd.DataFrame:
        return table.join(table.astype(float) @ member.astype(float) > 0)

    own_weight = (answers["weight"] / answers["weight"].max()).to_numpy()  # squares of large ones have no number

    def count(who: pd.DataFrame) -> tuple[pd.DataFrame, ...]:
        weight, squares = (who.mul(own_weight**power, axis=0).groupby(design[0]).sum() for power in (1, 2))
        counting = pd.DataFrame(_counting(weight, squares), weight.index, weight.columns)
        return counting, who.groupby(design).any().groupby(level=0).sum(), weight

    def hide(own: list, adding: Mapping, also: pd.DataFrame | None = None) -> pd.DataFrame:
        return hidden(n[own], clusters[own], adding, groups, alike=alike[own], also=also, weight=weight[own])

    given = shares.where(asked).groupby(design[0])
    alike = ~of_any(given.max() > given.min())
    n, clusters, weight = count(of_any(asked))
    for table, used in zip((n, clusters), count(shares.notna())[:2], strict=True):
        for part in small:
            table[part] = np.minimum(table[part], used[parts[part]].min(axis=1))
    gone = hide(series, {whole: own for whole, own in sums.items() if whole in series})
    for part in small:
        own = [item for item in parts[part] if item not in lacking]
        also = pd.DataFrame(dict.fromkeys(own, gone[part])) if part in series else None
        adding = {part: own} if part in series and len(own) > 1 else {}  # a single item is the sub-dimension
        gone = gone.join(hide(own, adding, also)) if own else gone
    n, clusters = n[gone.columns], clusters[gone.columns]
    people = of_any(asked).groupby(design[0]).sum()[gone.columns]
    tests = [~gone, people < LEAST_RESPONDENTS, n < LEAST_RESPONDENTS, clusters == 1, clusters < LEAST_CLUSTERS]
    why = np.select(tests, ["", "few", "uneven", "one_cluster", "few_clusters"], "protected")
    why = pd.DataFrame(why, gone.index, gone.columns)
    why[[whole for whole in combination if whole not in series]] = "part_not_asked"
    return why.reindex(columns=[*combination, *combination.index], fill_value="not_asked")


def rounded(figures: pd.Series, se: pd.Series) -> pd.Series:
    """Round figures to what the sample can tell: to a step of at least `STEP` of the standard error.

    A step is 1, 2 or 5 hundredths, tenths and so on. One respondent more or less moves a figure by a small part of
    its standard error, so two releases seldom differ by what one person answered.

    Parameters
    ----------
    figures, se : pandas.Series
        Figures and their standard errors, in points or as shares.

    Examples
    --------
    >>> rounded(pd.Series([5.634, 0.634, 5.634]), pd.Series([0.25, 0.07, 0.01])).to_list()
    [5.6, 0.65, 5.63]
    """
    step = steps(se)
    return ((figures / step).round() * step).round(DECIMALS)


def steps(se: pd.Series) -> np.ndarray:
    """Return the steps that figures with these standard errors are rounded to."""
    known = np.outer(10.0 ** np.arange(-DECIMALS, 4), [1, 2, 5]).ravel()
    return known[np.searchsorted(known, STEP * se).clip(max=len(known) - 1)]


class _Sum(NamedTuple):
    """A sum that an attacker can set up: its cells, with factors by which they give zero or a figure that is shown."""

    cells: np.ndarray
    factors: np.ndarray
    #: Whether the whole is a cell, the first one.
    whole: bool
    #: Whether the parts have no respondents in common: areas of a group have not, series of an area have.
    apart: bool


def _counting(weight, squares):
    """Return as how many respondents of one weight those count whose weights, and their squares, add up to this."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(squares > 0, weight**2 / squares, 0.0).round(9)


def _relations(at: pd.DataFrame, sums: Mapping[object, Sequence], groups: pd.Series) -> list[_Sum]:
    """Return all sums: over series in each area, over areas in each group by their shares of it; `at` numbers the cells."""
    share = pd.Series(np.random.default_rng(0).uniform(1, 2, len(at)), at.index)  # no true share is as special as 1
    found = []
    for whole, parts in sums.items():
        known = [whole] if whole in at.columns else []
        factors = np.r_[-np.ones(len(known)), np.ones(len(parts))]
        found += [_Sum(cells, factors, bool(known), False) for cells in at[[*known, *parts]].to_numpy()]
    for group, members in groups.groupby(groups).groups.items():
        known = [group] if group in at.index else []
        factors = np.r_[-np.ones(len(known)), share[members]]
        found += [_Sum(cells, factors, bool(known), True) for cells in at.loc[[*known, *members]].to_numpy().T]
    return found


def _following(hide: np.ndarray, relations: list[_Sum]) -> list[_Sum]:
    """Return the sums with a hidden cell that the shown ones determine: that no solution of all sums leaves free."""
    cells = np.flatnonzero(hide)
    touched = [sum_ for sum_ in relations if hide[sum_.cells].any()]
    system = np.zeros((len(touched), len(hide)))
    for row, sum_ in zip(system, touched, strict=True):
        row[sum_.cells] = sum_.factors
    free = null_space(system[:, cells])
    told = cells[np.abs(free).max(axis=1, initial=0) < 1e-9]
    found = [sum_ for sum_ in touched if np.isin(told, sum_.cells).any() and not hide[sum_.cells].all()]
    if len(told) and not found:
        raise ValueError(f"{len(told)} figures cannot be hidden: everything they add up with is hidden already")
    return found


def register() -> Path:
    """Return where the register is: in ``PAPI_RELEASES``, so that an office may share one, or with the user's own state."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(os.environ.get("PAPI_RELEASES") or Path(state) / "papi" / "releases.json")


def released(respondents: pd.DataFrame, name: str, about: list[int]) -> Iterator[str]:
    """Register records of which pages were made; yield a line for each earlier version from which too few differ.

    Parameters
    ----------
    respondents : pandas.DataFrame
        Design and answers, a row each.
    name : str
        Name of the file.
    about : list of int
        What makes two files versions of one survey: province and year.
    """
    path = register()
    try:
        known = json.loads(path.read_bytes()) if path.exists() else {"key": secrets.token_hex(16), "releases": []}
        key, releases = bytes.fromhex(known["key"]), known["releases"]
    except (OSError, ValueError, KeyError, TypeError):
        yield f"{path}: is no register of releases; what was shown before is not known; remove it to begin anew"
        return
    rows = pd.util.hash_pandas_object(respondents, index=False).to_numpy()
    people = sorted(hashlib.blake2b(row.tobytes(), key=key, digest_size=8).hexdigest() for row in rows)
    alike = [one for one in releases if one["about"] == about]
    for one in alike:
        now, then = Counter(people), Counter(one["people"])
        if 0 < (few := max((now - then).total(), (then - now).total())) < LEAST_RESPONDENTS:
            yield f"{name}: differs by {few} respondent{'s' * (few > 1)} from {one['name']}, of which pages were made on {one['date']}; give away the pages of one of the two only, since both together may tell what these people answered"  # fmt: skip
    if any(one["people"] == people for one in alike):
        return
    releases.append({"name": name, "about": about, "date": f"{date.today()}", "people": people})
    try:
        atomic.write(path, json.dumps(known).encode(), mode=atomic.PRIVATE)
    except atomic.WriteError as error:
        yield f"{error}; the next run will not know of this one's records"
