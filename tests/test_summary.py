"""The first screen: every figure recomputed from the CSV files, and what it must say of places that are known."""

import re

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from papi_lib import index, places
from papi_lib.page import summary
from papi_lib.page.page import Page
from papi_lib.page.words import Words

YEAR = 2024


@pytest.fixture(scope="module")
def files():
    """Scores as the files have them, by year: sub-dimensions, dimensions and totals, computed here."""
    made = {}
    for year in (2021, 2022, 2023, 2024):
        table = pd.read_csv(ROOT / "data" / "published" / f"{year}.csv")
        wide = table.pivot(index="province_code", columns="subdimension", values="score")
        sums = table.groupby(["province_code", "dimension"])["score"].sum().unstack()
        whole = table.groupby("province_code").size() == table["subdimension"].nunique()
        made[year] = wide.join(sums).assign(total=sums.sum(axis=1).where(whole))
    return made


@pytest.fixture(scope="module")
def told():
    """What the first screens of every third province say, one of them not published, with the frames behind them."""
    shown, made = [], {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Page, "_html", staticmethod(lambda fragment, more=None: shown.append(fragment)))
        for code in places.provinces().index[::3]:
            shown.clear()
            frame = summary.summary(Page.open(int(code), YEAR, "en"))
            made[code] = frame, re.findall("<li>(.*?)</li>", "".join(shown).replace("&#x27;", "'"))
    return made


def ranks(scores: pd.Series) -> pd.Series:
    return scores.rank(ascending=False, method="min")


def th(rank: float) -> str:
    return Words("en")("{rank:th}", rank=rank)


@pytest.mark.slow
def test_a_province_is_told_where_it_stands_and_stood(told, files):
    first, sentences = {}, []
    for code, (frame, said) in told.items():
        total = files[YEAR]["total"]
        if pd.isna(total.get(code)):
            assert frame is None
            assert not said
            continue
        assert 2 <= len(said) <= 4
        assert (
            f"In 2024, {places.province(code, YEAR).name('en')} ranks {th(ranks(total)[code])} of {total.count()} "
            in said[0]
        )
        for year in (2023, 2021):
            if pd.notna(files[year]["total"].get(code)):
                then = files[year]["total"]
                assert f"{th(ranks(then)[code])} of {then.count()} in {year}" in said[0]
        apart = {y: files[y]["total"].get(code, np.nan) - files[y]["total"].mean() for y in (2022, 2024)}
        if pd.notna(apart[2022]) and "it was" in said[0]:
            assert f"{abs(apart[2022]):.2f} points {'above' if apart[2022] > 0 else 'below'} the mean" in said[0]
            assert f"{abs(apart[2024]):.2f} points {'above' if apart[2024] > 0 else 'below'} it now" in said[0]
        first[code] = said[0]
        sentences += said
    assert len(first) == 20
    repeated = pd.Series(sentences).duplicated(keep=False)
    assert repeated.mean() < 0.25


@pytest.mark.slow
def test_first_and_last_places_and_moves_are_those_of_the_files(told, files):
    parts = index.subdimensions(YEAR)
    for code, (frame, said) in told.items():
        if frame is None:
            continue
        text = " ".join(said)
        for part in parts:
            scores = files[YEAR][part].dropna()
            assert frame.loc[part, "rank"] == ranks(scores)[code]
            if ranks(scores)[code] == len(scores):
                assert f"ast of all {len(scores)} provinces in" in text or "; last in" in text
                assert index.name(part, "en").lower() in text.lower()
        for part, row in frame[frame["chance"] > 0].iterrows():
            both = pd.concat([files[row["since"]][part], files[YEAR][part]], axis=1).dropna()
            before, after = (ranks(both.iloc[:, at])[code] for at in (0, 1))
            assert row["gain"] == before - after
            past = files[row["since"]][part].dropna()  # as the page's tables by year have it
            assert (row["rank_before"], row["of_before"]) == (ranks(past)[code], len(past))
            assert abs(row["gain"]) >= summary.LEAST


@pytest.mark.slow
def test_nothing_is_said_to_move_only_where_nothing_did(told):
    """What the section on moves finds beyond its margin of error is not denied on the first screen."""
    denied = 0
    for code, (frame, said) in told.items():
        if frame is not None and "nothing in" in " ".join(said):
            denied += 1
            assert not Page.open(int(code), YEAR, "en").claims.query("kind == 'change'")["clear"].any()
    assert denied > 0


@pytest.mark.slow
def test_what_is_known_of_ha_noi_is_said(told):
    """Out of the top group in 2024; last in public health, air and water; first in civic knowledge and internet."""
    said = " ".join(told[1][1])
    assert "ranks 29th of 61" in said
    assert "upper middle of four groups" in said
    assert "Its score was 1.56 points above the mean of provinces in 2022 and is 0.34 points above it now." in said
    assert "First of all 61 provinces in civic knowledge and access to and use of the internet" in said
    assert "last in public health care, quality of air, and quality of water" in said
    assert "city departments and public service units" in said
    assert re.search(r"[Qq]uality of air fell from 37th of 60 in 2021 to 61st of 61", said)
