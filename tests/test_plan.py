"""Which pages a report is of: records, provinces and districts that are named must go together."""

import re

import pytest
from conftest import ROOT

from papi_lib import places, report
from papi_lib.page import story
from papi_lib.page.page import Page
from papi_lib.survey import records

NOTEBOOKS = ROOT / "notebooks"


@pytest.fixture(scope="module")
def survey_of(tmp_path_factory):
    """Return a maker of records: the simulated answers of three districts, said to be of others."""
    frame = records.read(ROOT / "data" / "survey" / "hanoi-2024-simulated.parquet")
    few = frame[frame["district_code"].isin(["001", "002", "276"])].reset_index(drop=True)

    def make(*names, **more):
        path = tmp_path_factory.mktemp("records") / "own.csv"
        own = few["district_code"].map(dict(zip(["001", "002", "276"], names, strict=True)))
        few.assign(district_code=own, **more).drop(columns="simulated").to_csv(path, index=False)
        return path

    return make


def jobs(provinces=(), of_districts=(), file=None, notebook="3"):
    planned = report.jobs(NOTEBOOKS, provinces, ["2024"], ["vi"], [notebook], of_districts, file)
    return [job.path.removeprefix("2024/vi/").rpartition("/")[0] for job in planned]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"provinces": ["hue"], "of_districts": ["all"]}, "is a survey of Hà Nội, not of Thừa Thiên Huế; give --records of a survey there"),
        ({"provinces": ["hue"], "of_districts": ["Ba Đình"]}, "is a survey of Hà Nội, not of Thừa Thiên Huế"),
        ({"of_districts": ["Quận 1"]}, "'Quận 1' is not in Hà Nội; it is Quận 1 (Hồ Chí Minh)"),
        ({"of_districts": ["Huyện Ba Đình"]}, "did you mean Quận Ba Đình"),
        ({"of_districts": ["00004"]}, "at most 3 digits"),
        ({"provinces": ["1"], "of_districts": ["all"], "notebook": "target"}, "10_target: for pages on a province only; leave out --district"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(asked, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        jobs(**asked)


def test_records_make_pages_of_their_own_province(survey_of):
    file = survey_of("Quận Hải Châu", "Thanh Khê", "493")
    of_district = ["da-nang/quan-hai-chau", "da-nang/quan-son-tra", "da-nang/quan-thanh-khe"]
    for provinces, of_districts in (([], None), (["Ðà Nẵng"], None), (["48"], ["all"]), (["hue", "Đà Nẵng"], None)):
        own = [place for place in jobs(provinces, of_districts, file) if place.startswith("da-nang")]
        assert sorted(own) == ["da-nang", *of_district]
    assert jobs([], ["Sơn Trà"], file) == ["da-nang/quan-son-tra"]
    for of_districts in (None, ["all"], ["Sơn Trà"]):
        with pytest.raises(ValueError, match=r"own\.csv is a survey of Đà Nẵng, not of Hà Nội"):
            jobs(["Hà Nội"], of_districts, file)
    with pytest.raises(ValueError, match=r"'Ba Đình' is not in Đà Nẵng; it is Quận Ba Đình \(Hà Nội\)"):
        jobs([], ["Ba Đình"], file)


def test_a_name_of_several_provinces_is_that_of_the_file(survey_of):
    file = survey_of("Huyện Cai Lậy", "Huyện Châu Thành", "Chợ Gạo")
    places_of = ["tien-giang/huyen-cai-lay", "tien-giang/huyen-chau-thanh", "tien-giang/huyen-cho-gao"]
    assert sorted(jobs([], ["all"], file)) == places_of
    assert jobs([], ["Châu Thành"], file) == places_of[1:2]


def test_code_name_and_province_of_a_row_must_agree(survey_of):
    problems = records.check(records.read(survey_of("491", "492", "493", Huyện="Quận Hải Châu")), 2024)[1]
    wrong = problems["problem"].astype(str).unique()
    assert "is Quận Thanh Khê (Đà Nẵng), but 'Quận Hải Châu' beside it is Quận Hải Châu (Đà Nẵng)" in wrong
    problems = records.check(records.read(survey_of("491", "492", "493", tinh="Hà Nội")), 2024)[1]
    assert "is not in Hà Nội; it is Quận Thanh Khê (Đà Nẵng)" in problems["problem"].astype(str).unique()


def test_digits_that_are_no_code_are_no_district(survey_of):
    problems = records.check(records.read(survey_of("²", "00001", "1.5")), 2024)[1]
    assert {value for values in problems["values"] for value in values} == {"²", "00001", "1.5"}
    assert problems["problem"].str.startswith("is no district's code or name").all()


def test_a_district_is_compared_with_what_was_surveyed(survey_of, monkeypatch):
    """A province is no city, three districts are no province, and where there is no plan the page says so."""
    shown = []
    monkeypatch.setattr("papi_lib.page.page.display", lambda *what, **how: shown.append(str(what)))
    page = Page.open(
        "Nghệ An", 2024, "vi", district="TP Vinh", records=survey_of("Thành phố Vinh", "Quế Phong", "Thị xã Thái Hòa")
    )
    assert page.whole == "mức chung các huyện, thị xã, thành phố được khảo sát"
    assert page.place.name_vi == "Thành phố Vinh"
    assert page.survey.kinds[page.place.code] == "rural"  # one city alone is no kind of its own
    story.standing(page)
    story.tasks(page, about=["air_quality"])
    text = " ".join(shown)
    assert "toàn thành phố" not in text
    assert "chưa có kế hoạch nào của Nghệ An" in text
    assert Page.open("Hà Nội", 2024, "vi", district="Ba Đình").whole == "mức chung toàn thành phố"
    assert Page.open("Hà Nội", 2024, "en", district="Ba Đình").whole == "the city"
    assert places.types(["760", "769"]) == "quận, thành phố"
