"""Surveys by commune, of any year: which units a file has, what it may hold of them, and pages of communes."""

import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from conftest import ROOT
from notebook_runs import run

from papi_lib import cli, datafiles, places, report
from papi_lib.page import basis, dots, pictures, story
from papi_lib.page.page import Page
from papi_lib.survey import codebook, records, units

NOTEBOOKS = ROOT / "notebooks"
BOOK = codebook.items(2026)
HANOI = places.communes(2026).query("province_code == 1")


def survey_of(names, column="commune_code", villages=4, people=8, seed=0, **changes):
    """Made-up answers of people in some places, which are named in `column`; `changes` overwrite columns."""
    rng = np.random.default_rng(seed)
    design = [(name, name, f"{name}-{v}") for name in names for v in range(villages) for _ in range(people)]
    frame = pd.DataFrame(design, columns=[column, "stratum", "cluster"])
    frame["weight"] = rng.uniform(500, 1500, len(frame)).round(2)
    frame = frame.join(pd.DataFrame({item: rng.choice(list(row["answers_vi"]), len(frame)) for item, row in BOOK.iterrows()}))  # fmt: skip
    for item, row in BOOK[BOOK["asked_item"] != ""].iterrows():
        frame[item] = frame[item].where(frame[row["asked_item"]].isin(row["asked_codes"]))
    return frame.assign(**changes)


def shown_by(monkeypatch, page, *sections):
    """What a page says, without its pictures."""
    shown = []
    monkeypatch.setattr(Page, "_html", staticmethod(lambda fragment, more=None: shown.append(fragment)))
    for section in sections:
        section(page)
    return re.sub(r"<(svg|details).*?</\1>|<[^>]*>", " ", " ".join(shown), flags=re.S)


# --- which units, which year -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "year", "found"),
    [
        ({"commune_code": "00004"}, 2026, ("commune", 2026, "Phường Ba Đình")),
        ({"commune_code": "Phường Ba Đình"}, 2026, ("commune", 2026, "Phường Ba Đình")),
        ({"commune_code": "00004"}, 2024, ("commune", 2024, "Phường Trúc Bạch")),  # the code's place until 2025
        ({"commune_code": 4, "year": 2025}, None, ("commune", 2025, "Phường Ba Đình")),
        ({"Mã xã": "00004"}, 2026, ("commune", 2026, "Phường Ba Đình")),
        ({"district_code": "001"}, None, ("district", 2024, "Quận Ba Đình")),
        ({"district_code": "Ba Đình"}, 2025, ("district", 2025, "Quận Ba Đình")),  # until 30 June
        ({"district_code": "001", "commune_code": "00004"}, 2024, ("district", 2024, "Quận Ba Đình")),
        ({"district_code": "001", "commune_code": "00004"}, 2026, ("commune", 2026, "Phường Ba Đình")),
    ],
)
def test_level_and_year_are_recognised(columns, year, found):
    frame = survey_of(["a"]).drop(columns="commune_code").assign(**columns)
    clean, problems = records.check(frame, year)
    assert problems.empty, problems
    level, of = clean.attrs["level"], clean.attrs["year"]
    assert (level, of, places.find(clean["unit"].iloc[0], level, of).name_vi) == found
    if len(columns) > 1 and "year" not in columns:
        assert f"'{'commune' if level == 'district' else 'district'}_code' is passed over" in problems.attrs["notes"][0]


@pytest.mark.parametrize(
    ("columns", "year", "why"),
    [
        ({"commune_code": "00004"}, None, "communes have other codes since 1 July 2025; tell the survey's year"),
        ({"commune_code": "00004", "year": 2026}, 2025, "column 'year' has 2026, asked is 2025; give one of the two"),
        ({"commune_code": "00004"}, 2205, "no PAPI scores for the year 2205"),
        ({"district_code": "001"}, 2026, "the districts ended on 30 June 2025; 2026 has communes"),
    ],
)
def test_a_year_that_is_open_or_has_no_such_units_is_refused(columns, year, why):
    with pytest.raises(ValueError, match=re.escape(why)):
        records.check(survey_of(["a"]).drop(columns="commune_code").assign(**columns), year)


def test_places_of_another_date_are_told_with_what_became_of_them():
    frame = survey_of(["Phường Ba Đình", "Phường Trúc Bạch", "Xã Sóc Sơn"])
    _, problems = records.check(frame, 2026)
    assert len(problems) == 1
    assert "is no commune's code or name; Phường Trúc Bạch is part of Phường Ba Đình" in problems.loc[0, "problem"]


def test_written_records_keep_level_and_year(tmp_path):
    clean, _ = records.check(survey_of(["Ba Đình", "Sóc Sơn"], unit_poor=[1.0] * 32 + [3.5] * 32), 2026)
    records.write(clean, tmp_path / "a.parquet")
    again = records.load(tmp_path / "a.parquet")
    assert again.attrs == {"level": "commune", "year": 2026}
    pd.testing.assert_frame_equal(again.reset_index(drop=True), clean.reset_index(drop=True))


@pytest.mark.slow
def test_a_workbook_of_respondents_by_commune_is_checked_and_reported(tmp_path):
    frame = survey_of(HANOI["name_vi"].head(30), people=3)
    frame.to_excel(tmp_path / "survey.xlsx", index=False)
    done = CliRunner().invoke(cli.main, ["check", str(tmp_path / "survey.xlsx"), "-y", "2026", "-w", str(tmp_path / "s.parquet")])  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "360 respondents in 30 communes of 2026" in done.stdout
    planned = report.jobs(NOTEBOOKS, [], [], ["vi"], [], None, tmp_path / "s.parquet")
    assert len(planned) == 30 * 11
    assert {job.labels["year"] for job in planned} == {2026}
    for notebook in ("00_overview", "04_corruption_control"):  # of a year that PAPI has not published
        made = run(notebook, commune="Ba Đình", year=2026, lang="en", records=str(tmp_path / "s.parquet"))
        assert "Ba Dinh Ward, 2026" in made.text
        assert re.search(r"from \d+ to \d+ among the \d+ communes", made.text)


# --- provinces and dates -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("province", "level", "year", "own", "told"),
    [
        ("TP. Hồ Chí Minh", "commune", 2026, "Phường Bến Thành", "Ben Thanh Ward was made on 1 July 2025 of all or parts of"),
        ("Nghệ An", "district", 2024, "Thành phố Vinh", "in all or part of Vinh City: Thanh Vinh Ward"),
    ],
)  # fmt: skip
def test_files_of_other_provinces_run_to_the_end(tmp_path, monkeypatch, province, level, year, own, told):
    table = places.below(level, year)
    table = table[table["province_code"] == places.province(province, year).code]
    names = [own, *table["name_vi"][table["name_vi"] != own].head(6)]
    file = tmp_path / "own.parquet"
    survey_of(names, f"{level}_code").to_parquet(file)
    page = Page.open(province, year, "en", dimension=3, records=str(file), **{level: own})
    text = shown_by(monkeypatch, page, story.standing, story.parts, story.answers, story.tasks, basis.made)
    assert told in text
    assert f"among the 7 {level}s is possible" in text
    assert "the city" not in text.replace("the city’s", "")  # seven of them are not the province
    planned = report.jobs(NOTEBOOKS, [], [str(year)], ["vi"], ["3"], ["all"], file, level)
    assert len(planned) == 7
    assert planned[0].path.startswith(f"{year}/vi/{page.survey.home.slug}/")


def test_old_communes_of_one_name_keep_apart(tmp_path):
    """Until 2025 a province could have several communes of one name."""
    table = places.communes(2024)
    twice = table[table.duplicated(["province_code", "name_vi"], keep=False)]
    home = twice["province_code"].iloc[0]
    codes = [*twice.index[twice["province_code"] == home][:2], *table.index[table["province_code"] == home][:2]]
    survey_of(codes).to_parquet(tmp_path / "old.parquet")
    planned = report.jobs(NOTEBOOKS, [], ["2024"], ["vi"], ["3"], ["all"], tmp_path / "old.parquet", "commune")
    assert len({job.path for job in planned}) == 4
    assert {job.parameters["commune"] for job in planned} == set(codes)
    name = table.at[codes[0], "name_vi"]
    with pytest.raises(ValueError, match="write the whole name or the code"):
        units.load(tmp_path / "old.parquet", 2024).place(name)


def test_a_districts_survey_of_2025_lies_in_the_provinces_of_its_time(tmp_path, monkeypatch):
    table = places.districts()
    names = table.index[table["province_code"] == places.province("Hà Giang", 2024).code][:3]
    survey_of(names, "district_code").to_parquet(tmp_path / "own.parquet")
    page = Page.open("Hà Giang", 2025, "en", district=names[0], records=str(tmp_path / "own.parquet"))
    assert (page.survey.home.name_vi, page.year) == ("Hà Giang", 2025)
    assert "No plan of Ha Giang for 2025" in shown_by(monkeypatch, page, story.tasks)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"districts": ["Ba Đình"], "years": ["2026"]}, "there are no districts in 2026: Quận Ba Đình ended on 30 June 2025"),
        ({"districts": ["all"], "years": ["2026"]}, "the districts ended on 30 June 2025; 2026 has communes"),
        ({"communes": ["Ba Đình"], "years": ["2024"]}, "is a survey of districts in 2024, not of communes; name a district"),
        ({"communes": ["Ba Đìn"]}, "no commune named 'Ba Đìn'; did you mean Phường Ba Đình"),
        ({"communes": ["all"], "districts": ["all"]}, "give --district or --commune"),
        ({"communes": ["all"], "provinces": ["Huế"]}, "is a survey of Hà Nội, not of Huế"),
        ({"provinces": ["Hà Nội"], "years": ["2026"]}, "no PAPI scores for the year '2026'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(asked, why):
    given = {"provinces": [], "districts": [], "communes": [], "records": None, "years": [], "langs": ["vi"], "notebooks": ["3"]}  # fmt: skip
    with pytest.raises(ValueError, match=re.escape(why)) as error:
        report.plan(NOTEBOOKS, **given | asked)
    assert "\n" not in str(error.value)


def test_all_communes_of_2026_and_the_districts_of_2024_by_default():
    def levels(*given):
        return pd.Series([job.labels["level"] for job in report.plan(NOTEBOOKS, *given, ["vi"], ["3"])]).value_counts().to_dict()  # fmt: skip

    assert levels([], [], [], None, []) == {"province": 1, "district": 30}
    assert levels([], [], ["all"], None, ["2026"]) == levels([], [], ["all"], None, []) == {"commune": 126}
    assert levels([], [], [], None, ["2026"]) == {"commune": 126}


# --- small samples -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hanoi():
    """The simulated survey of Ha Noi's communes."""
    return units.load(level="commune")


def test_the_simulated_communes_are_all_and_make_the_city(hanoi):
    assert HANOI.loc[hanoi.units, "type"].value_counts().to_dict() == {"xa": 75, "phuong": 51}
    sizes = hanoi.frame.groupby("unit").size()
    assert sizes.min() < 15 < sizes.median() < 50
    assert hanoi.scores.at[(units.CITY, "total"), "estimate"] == pytest.approx(43.8, abs=0.1)
    people = hanoi.frame.groupby("unit")["weight"].sum()
    assert np.average(hanoi.models.xs("total", level="series")["model"], weights=people) == pytest.approx(43.8, abs=0.1)


def test_what_is_hidden_is_said_with_what_the_others_let_expect(hanoi, monkeypatch):
    gone = hanoi.scores.xs("total", level="series").loc[hanoi.units].query("why != ''").index
    assert (hanoi.models.xs("total", level="series").loc[gone, "borrowed"] == 1).all()
    page = Page.open("Hà Nội", None, "en", commune=gone[0])
    text = shown_by(monkeypatch, page, story.standing)
    assert f"What is {page.name}’s own is not known." in text
    assert re.search(r"answers of the other communes alone: .* expects [\d.]+ points", text)


def test_the_model_borrows_by_what_a_file_knows_of_units():
    """Communes whose own answers are hidden differ in the model as the known number does."""
    names = list(HANOI.index[:40])
    frame = survey_of(names, villages=4, people=12)
    poor = frame["commune_code"].map(dict(zip(names, np.linspace(0, 1, 40), strict=True)))
    single = frame["commune_code"].isin(names[::10]) & ~frame["cluster"].str.endswith("-0")
    rng = np.random.default_rng(1)
    for item in BOOK.index[(BOOK["subdimension"] == "internet_access").fillna(False)]:
        best, worst = (sorted(BOOK.at[item, "values"], key=BOOK.at[item, "values"].get)[at] for at in (-1, 0))
        frame[item] = np.where(rng.random(len(frame)) < 0.2 + 0.6 * poor, best, worst)
    clean, problems = records.check(frame.assign(Unit_Poor=poor)[~single], 2026)
    assert problems.empty, problems
    found = units.of_records("own", clean).models.xs(8, level="series")
    borrowed = found.loc[names[::10]]
    assert (borrowed["borrowed"] == 1).all()
    assert borrowed["model"].is_monotonic_increasing
    without = units.of_records("own", clean.drop(columns="unit_poor")).models.xs(8, level="series").loc[names[::10]]
    assert np.ptp(borrowed["model"]) > 2 * np.ptp(without["model"])
    assert (borrowed["se"] < without["se"]).all()


def test_what_is_known_of_a_unit_is_one_number_in_each():
    frame = survey_of(["Ba Đình", "Sóc Sơn"], unit_poor=[1.0] * 31 + [2.0] * 32 + [None])
    _, problems = records.check(frame, 2026)
    assert set(problems["column"]) == {"unit_poor"}
    assert "differs among respondents of one commune_code" in " ".join(problems["problem"])
    assert "is no number" in " ".join(problems["problem"])


# --- the dot map -------------------------------------------------------------------------------------


def test_the_dot_map_has_every_commune_and_the_islands(hanoi):
    page = Page.open("Hà Nội", 2026, "vi", dimension=1, commune="Sóc Sơn")
    frame = page.standing
    ax = dots.communes(frame, page.place, 5.2, lang="vi", whole_name="thành phố")
    assert len(ax.collections[0].get_paths()) == 126
    svg = pictures.svg(ax.figure, "x")
    for name in ("Hoàng Sa", "Trường Sa", "Xã Sóc Sơn"):
        assert name.split()[-1] in svg
    assert len(svg) < 150_000  # the country's 3,321 dots are one small image
    district = Page.open("Hà Nội", 2024, "vi", district="Ba Đình")
    assert dots.communes(district.standing.assign(model=1.0), district.place, 40.0) is None


def test_the_package_says_that_both_surveys_are_simulated():
    about = [r for r in datafiles.package()["resources"] if r["format"] == "parquet"]
    assert [r["year"] for r in about] == [2024, 2026]
    assert all(r["simulated"] and "DỮ LIỆU MÔ PHỎNG" in r["description"] for r in about)
