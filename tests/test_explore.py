"""The explorer: every state of the controls, the code of a picture, the same verdicts as on pages."""

import random
import re

import pytest

from papi_lib import datafiles, estimates, index, places
from papi_lib.page import explorer as exploring
from papi_lib.page import pictures
from papi_lib.page.explorer import KINDS, PICTURES, Choice
from papi_lib.page.page import Page
from papi_lib.page.words import Words

LAST = index.years()[-1]
SOME = (1, 22, 26, 27, 48, 91)  # two of them not published in the last year


def state(province="Hà Nội", lang="vi", dimension=None, year=None, **more) -> Choice:
    return Choice(Page.open(province, year, lang, dimension=dimension), **more)


@pytest.fixture
def shown(monkeypatch):
    """Return a list of what pages show from now on."""
    fragments = []
    monkeypatch.setattr("papi_lib.page.page.display", lambda bundle, raw: fragments.append(bundle["text/html"]))
    return fragments


STATES = [
    state(),
    state("Đà Nẵng", dimension=8, beside="region", first=2018),
    state("Hà Nội", "en", 1, beside="best", subdimension="civic_knowledge", first=2020),
    state("Bắc Ninh", dimension=4, beside=48, picture="parts"),
    state("Kiên Giang", "en", year=2023, beside="median", picture="parts"),
    state("Quảng Ninh", year=2019, beside="cities", first=2017),
]


@pytest.mark.parametrize("choice", STATES, ids=lambda choice: choice.title)
def test_the_code_makes_the_same_picture(choice, shown):
    exec(compile(choice.code(), "cell", "exec"), {})
    figure = choice.draw().figure
    assert shown == [pictures.html(figure, figure.description, choice.page.words)]


def some_states(number: int, seed: int = 5):
    """Return states that the controls allow, awkward provinces and years more often than others."""
    rng = random.Random(seed)
    names = [*places.provinces()["name_vi"], *["Vĩnh Phúc", "Bắc Ninh", "Quảng Ninh"] * 10]
    for _ in range(number):
        first, last = sorted(rng.choices(index.years(), k=2))
        beside = rng.choice([*KINDS, places.province(rng.choice(names)).code])
        dimension, lang = rng.choice([None, *range(1, 9)]), rng.choice(["vi", "en"])
        choice = state(
            rng.choice(names), lang, dimension, last, beside=beside, first=last if rng.random() < 0.3 else first
        )
        yield Choice(
            choice.page, beside, rng.choice([None, *choice.subdimensions]), choice.first, rng.choice(list(PICTURES))
        )


def test_every_state_has_a_picture_or_a_reason():
    reasons = r"did not|has no|published no score|không đo|không công bố|không có (tổng )?điểm"
    for choice in some_states(30):
        said, drawn = choice.say(), choice.draw()
        assert said, choice
        assert not re.search(r"\b(nan|NA|None)\b|–\.|±–", " ".join(said)), said
        assert drawn is not None or re.search(reasons, " ".join(said)), choice


def test_a_dimension_that_the_years_lack_is_a_sentence():
    choice = state("Hà Nội", "en", 8, 2016)
    assert choice.draw() is None
    assert choice.say() == [
        "Nothing to draw: PAPI did not measure “e-governance” in 2011–2016, but it did in 2018–2024."
    ]


def test_a_place_beside_itself_differs_by_nothing():
    choice = state("Hà Nội", "en", beside=1)
    assert not [sentence for sentence in choice.say() if "Compared" in sentence]
    assert choice.draw() is not None


def verdict_told(choice: Choice) -> bool | None:
    """Return what the explorer says of the difference: True for more than its margin; None if it says nothing."""
    said = " ".join(choice.say())
    return {"is more than its margin": True, "is within its margin": False}.get(
        (re.findall("is (?:more than|within) its margin", said) or [""])[0]
    )


@pytest.mark.slow
def test_explorer_and_pages_have_one_verdict(monkeypatch):
    """For all parts of provinces with and without scores: what the picture's dots are filled by is what the page claims."""
    monkeypatch.setattr(exploring.charts, "profile", lambda frame, place, **look: frame)
    compared = 0
    with datafiles.held():
        for code in SOME:
            for dimension in (None, *index.dimensions(LAST)):
                choice = state(code, dimension=dimension, picture="parts")
                drawn, told = choice.draw(), Page.open(code, LAST, dimension=dimension).gaps.loc[choice.page.parts]
                for column in ("difference", "margin", "clear"):
                    assert drawn[column].equals(told[column]), (code, dimension)
                compared += len(drawn)
    assert compared == len(SOME) * (len(index.dimensions(LAST)) + len(index.subdimensions(LAST)))


@pytest.mark.parametrize(("code", "dimension"), [(1, None), (1, 7), (48, 8), (91, 1), (4, 2)])
def test_the_sentence_tells_the_page_s_verdict(code, dimension):
    page = Page.open(code, LAST, "en", dimension=dimension)
    told = page.gaps
    for part in [page.series, *page.parts] if dimension else ["total"]:
        for picture in PICTURES:
            choice = Choice(page, "whole", None if part == page.series else part, picture=picture)
            row = told.loc[choice.part]
            assert verdict_told(choice) == row["clear"]
            if row["clear"]:
                assert (
                    f"{page.words.signed(row['difference'])} points (±{page.words.number(row['margin'])})"
                    in " ".join(choice.say())
                )


def test_beside_anything_else_picture_and_sentence_agree():
    for beside in ("region", "cities", "best", 79):
        choice = state("Đà Nẵng", "en", 8, beside=beside, picture="parts")
        parts = estimates.verdict(48, LAST, choice.page.parts, beside)["clear"]
        assert choice.draw().figure.description.data["clear"].sort_index().equals(parts.sort_index())
        for part in choice.page.parts:
            alone = Choice(choice.page, beside, part)
            assert verdict_told(alone) in (None, bool(parts[part]))


def test_a_subdimension_is_kept_while_its_dimension_and_years_have_it():
    def part(dimension, year=2024, **more):
        return state(dimension=dimension, year=year, subdimension="access_to_information", **more).part

    assert part(2, first=2018) == "access_to_information"
    assert part(2, 2016) == 2
    assert part(3) == 3
    assert part(2, picture="parts") == 2


@pytest.fixture
def explorer():
    return exploring.start("Hà Nội")


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


def test_the_region_is_that_of_the_province(explorer):
    explorer.place.value = "Cần Thơ"
    assert "Cửu Long" in next(name for name, kind in explorer.beside.options if kind == "region")


def test_subdimensions_follow_dimension_and_years(explorer):
    assert explorer.subdimension.disabled
    explorer.dimension.value = 8
    assert [key for _, key in explorer.subdimension.options][1:] == index.subdimensions(2024, 8)
    explorer.years.value = (2011, 2016)
    assert explorer.subdimension.disabled
    assert explorer.drawing.value == explorer.code.value == explorer.table.value == ""
    assert explorer.copy.disabled


def test_another_province_and_english(explorer):
    explorer.beside.value = 92
    assert f'"{Words("vi").place(92)}"' in explorer.code.value
    explorer.lang.value = "en"
    assert explorer.beside.label == "Can Tho"
    assert explorer.place.description == "Province"
    assert "Can Tho" in explorer.table.value
    assert "Tổng" not in explorer.title.value + explorer.said.value + explorer.drawing.value + explorer.table.value
    explorer.beside.value = "median"
    assert explorer.choice.beside == "median"


def test_start_takes_what_notebooks_give_and_refuses_what_there_is_not():
    begun = exploring.start("da nang", "en", dimension=8, beside="Cần Thơ").choice
    assert (begun.page.place.code, begun.page.dimension, begun.beside, begun.page.year) == (48, 8, 92, LAST)
    with pytest.raises(ValueError, match="no province named"):
        exploring.start("Atlantis")
    with pytest.raises(ValueError, match="no language"):
        exploring.start(lang="fr")
    with pytest.raises(ValueError, match="no province named"):
        exploring.start(beside="moon")
