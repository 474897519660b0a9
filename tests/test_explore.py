"""The explorer: what is compared, every state of the controls, the code of a picture."""

import ast
import random
import re

import numpy as np
import pandas as pd
import pytest

from papi_lib import comparison, datafiles, explore, index, places, precision, published, questions, sections
from papi_lib.choice import PICTURES, Choice
from papi_lib.page import Page
from papi_lib.pictures import Picture

HANOI, DANANG, VINHPHUC, BACNINH = 1, 48, 26, 27


def run(code: str):
    """Run a cell: return the value of its last line."""
    *lines, last = ast.parse(code).body
    names: dict = {}
    exec(compile(ast.Module(lines, []), "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def test_what_a_province_is_compared_with():
    scores = published.series(8)[2024]
    rows = {kind: comparison.history("Hà Nội", 8, kind, 2024, 2024).iloc[0] for kind in (*comparison.KINDS, "Đà Nẵng")}
    assert rows["country"]["country"] == pytest.approx(scores.mean())
    assert rows["median"]["median"] == pytest.approx(scores.median())
    assert rows["cities"]["cities"] == pytest.approx(scores[[1, 31, 48, 79, 92]].mean())
    region = places.provinces()["region"] == places.province("Hà Nội").region
    assert rows["region"]["region"] == pytest.approx(scores[region].mean())
    assert rows["best"]["best"] == scores.max()
    assert rows["Đà Nẵng"]["Đà Nẵng"] == scores[DANANG]
    for kind, row in rows.items():
        assert row["difference"] == pytest.approx(scores[HANOI] - row[kind])


def test_noise_of_a_difference():
    """It is that of a contrast: simulated noise has the same spread, and a province differs surely by 0 from itself."""
    se, year = precision.standard_errors_by_province(8, 2024), 2024
    rng = np.random.default_rng(1)
    noise = pd.DataFrame(rng.normal(size=(63, 20_000)) * se.to_numpy()[:, None], index=se.index)
    noise = noise[published.series(8)[year].notna()]
    for kind, other in (
        ("country", noise.mean()),
        ("median", noise.median()),
        ("cities", noise.loc[[1, 31, 48, 79, 92]].mean()),
        ("Đà Nẵng", noise.loc[DANANG]),
    ):
        row = comparison.history("Hà Nội", 8, kind, year, year).iloc[0]
        assert row["difference_se"] == pytest.approx((noise.loc[HANOI] - other).std(), rel=0.03)
        assert row["comparison_se"] == pytest.approx(other.std(), rel=0.08)
    assert comparison.history("Hà Nội", 8, "Hà Nội", year, year).iloc[0]["difference_se"] == 0


@pytest.mark.slow
@datafiles.held()
def test_every_comparison_of_2024_has_one_verdict():
    """Pages and explorer: 75 of 4,392 had opposite ones. Here against both sides' noise and what they share, by hand."""
    cities, judged = places.peers(places.province("Hà Nội"), "cities"), 0
    for dimension in (None, *index.dimensions(2024)):
        scores = published.dimension_scores(2024) if dimension is None else published.wide(2024, dimension)
        scores = scores.dropna(how="all")
        noise = pd.DataFrame({p: precision.standard_errors_by_province(p, 2024) for p in scores}).loc[scores.index] ** 2
        for kind, others in (("country", scores.index), ("cities", cities)):
            shared = noise.mul(scores.index.isin(others), axis=0) * 2 / len(others)
            error = np.sqrt(noise + noise.loc[others].sum() / len(others) ** 2 - shared)
            clear = (scores - scores.loc[others].mean()).abs() > 1.959964 * error
            for code in scores.index:
                told = comparison.parts(code, dimension, kind, 2024)["clear"]
                assert told.equals(clear.loc[code].rename_axis("part").rename("clear")), (code, dimension, kind)
                judged += len(told)
            for code, part in zip(scores.index[::9], 9 * list(scores), strict=False):
                assert comparison.differences(code, part, kind).loc[2024, "clear"] == clear.loc[code, part]
    assert judged == 4392


@pytest.mark.parametrize("name", ["Hà Nội", "Kiên Giang"])
def test_a_page_says_of_a_difference_what_the_explorer_says(name):
    page, said = Page(name, 2024, "en", dimension=6), []
    page._html, page.show = (lambda fragment, more=None: said.append(fragment)), (lambda *_, **__: None)
    beside = {"country": sections.profile(page), "cities": questions.gaps(page)}
    for kind, frame in beside.items():
        for part in page.parts:
            explored = " ".join(Choice(name, kind, 6, part, 2024, 2024, lang="en").say())
            assert ("is more than noise" in explored) == frame.loc[part, "clear"]
            assert ("is within noise" in explored) != frame.loc[part, "clear"]
    named = [p for p in page.parts if any(index.name(p, "en") in s for s in said if "mean of provinces" in s)]
    assert named == [p for p in page.parts if beside["country"].loc[p, "clear"]]


def test_last_year_is_the_data_s(monkeypatch):
    assert (Choice().first, Choice().last) == (index.years()[0], index.years()[-1])
    monkeypatch.setattr(index, "years", lambda: list(range(2011, 2026)))
    assert Choice().last == 2025


def test_the_rank_set_of_one_province_is_the_one_among_all():
    for code, year, part in ((HANOI, 2024, None), (VINHPHUC, 2023, 8), (VINHPHUC, 2024, None)):
        alone, every = precision.rank_set(code, year, part), precision.rank_sets(year, part).loc[code]
        assert alone.dropna().to_dict() == every[alone.index].dropna().to_dict()
        assert not re.search(r"\d\.0$", str(alone[["rank", "group", "lower", "upper"]].to_list()))


STATES = [
    Choice(),
    Choice("Đà Nẵng", "region", 8, None, 2018, 2024),
    Choice("Hà Nội", "best", 1, "civic_knowledge", 2020, 2024, lang="en"),
    Choice("Bắc Ninh", "Đà Nẵng", 4, None, 2011, 2024, "parts"),
    Choice("Kiên Giang", "median", None, None, 2024, 2024, "parts", "en"),
    Choice("Quảng Ninh", "cities", None, None, 2017, 2019),
]


@pytest.mark.parametrize("choice", STATES, ids=Choice.title)
def test_the_code_makes_the_same_picture(choice):
    made, drawn = run(choice.code()), choice.draw()
    assert made.svg() == drawn.svg()
    assert made.data.equals(drawn.data)


def some_states(number: int, seed: int = 5):
    """Return states that the controls allow, awkward provinces and years more often than others."""
    rng = random.Random(seed)
    names = [*places.provinces()["name_vi"], *["Vĩnh Phúc", "Bắc Ninh", "Quảng Ninh"] * 10]
    for _ in range(number):
        first, last = sorted(rng.choices(index.years(), k=2))
        choice = Choice(
            rng.choice(names),
            rng.choice([*comparison.KINDS, rng.choice(names)]),
            rng.choice([None, *range(1, 9)]),
            None,
            last if rng.random() < 0.3 else first,
            last,
            rng.choice(list(PICTURES)),
            rng.choice(["vi", "en"]),
        )
        yield choice.change(subdimension=rng.choice([None, *choice.subdimensions()]))


def test_every_state_has_a_picture_or_a_reason():
    reasons = r"did not|has no|published no score|không đo|không công bố|không có (tổng )?điểm"
    for choice in some_states(30):
        said, drawn = choice.say(), choice.draw()
        assert said, choice
        assert not re.search(r"\b(nan|NA|None)\b", " ".join(said)), said
        assert isinstance(drawn, Picture) or re.search(reasons, " ".join(said)), choice


def test_a_dimension_that_the_years_lack_is_a_sentence():
    choice = Choice(dimension=8, first=2011, last=2016, lang="en")
    assert choice.draw() is None
    assert choice.say() == [
        "Nothing to draw: PAPI did not measure “E-governance” in 2011–2016, but it did in 2018–2024."
    ]


def test_no_line_crosses_a_break():
    (ax,) = Choice(first=2011, last=2024).draw().figure.axes
    for line in ax.lines[:2]:
        known = ~np.isnan(line.get_xdata().astype(float))
        runs = np.split(line.get_xdata()[known], np.flatnonzero(np.diff(np.flatnonzero(known)) > 1) + 1)
        for run_ in runs:
            assert all(index.comparable(int(run_[0]), int(year)) for year in run_)


def test_a_subdimension_is_kept_while_its_dimension_and_years_have_it():
    choice = Choice(dimension=2, first=2018, last=2024).change(subdimension="access_to_information")
    assert choice.change(province="Huế").subdimension == "access_to_information"
    assert choice.change(first=2011, last=2016).subdimension is None
    assert choice.change(dimension=3).subdimension is None


@pytest.fixture
def explorer():
    return explore.start("Hà Nội")


def test_names_are_typed_with_or_without_accents(explorer):
    for typed in ("da nang", "ĐÀ NẴNG", "48"):
        explorer.place.value = "Hà Nội"
        explorer.place.value = typed
        assert explorer.place.value == "Đà Nẵng"
        assert "Đà Nẵng" in explorer.title.value


def test_a_wrong_name_gets_a_hint_and_leaves_the_picture(explorer):
    before = explorer.drawing.value
    explorer.place.value = "Ha Nol <b>"
    assert "Không có tỉnh nào tên “Ha Nol &lt;b&gt;”" in explorer.said.value
    assert "Hà Nội" in explorer.said.value
    assert explorer.drawing.value == before
    assert explorer.place.value == "Hà Nội"


def test_subdimensions_follow_dimension_and_years(explorer):
    assert explorer.subdimension.disabled
    explorer.dimension.value = 8
    assert [key for _, key in explorer.subdimension.options][1:] == index.subdimensions(2024, 8)
    explorer.years.value = (2011, 2016)
    assert explorer.subdimension.disabled
    assert explorer.drawing.value == explorer.code.value == ""
    assert explorer.copy.disabled


def test_another_province_and_english(explorer):
    explorer.beside.value = explore.ANOTHER
    assert explorer.choice.beside == "Hải Phòng"
    explorer.other.value = "can tho"
    assert 'beside="Cần Thơ"' in explorer.code.value
    explorer.lang.value = "en"
    assert explorer.other.value == "Can Tho"
    assert explorer.place.description == "Province"
    assert "Can Tho" in explorer.table.value
    assert "Tổng" not in explorer.title.value + explorer.said.value + explorer.drawing.value + explorer.table.value
    explorer.beside.value = "median"
    assert explorer.choice.beside == "median"


def test_start_refuses_what_there_is_not():
    with pytest.raises(ValueError, match="no province named"):
        explore.start("Atlantis")
    with pytest.raises(ValueError, match="no language"):
        explore.start(lang="fr")
