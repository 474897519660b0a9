"""Checking respondents' records: what is refused, what is only told, and in how few lines."""

import shutil
import time

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from conftest import ROOT

from papi_lib import cli, datafiles, findings, places
from papi_lib.survey import codebook, plausible, records

YEAR = 2024
BOOK = codebook.items(YEAR)


@pytest.fixture(scope="module")
def city():
    """The simulated survey as its file has it."""
    return records.read(ROOT / "data" / "survey" / "hanoi-2024-simulated.parquet")


@pytest.fixture
def few(city):
    """Three of its districts."""
    frame = city[city["district_code"].isin(["001", "002", "276"])].drop(columns="note")
    return frame.set_axis(pd.RangeIndex(2, len(frame) + 2, name="row"))


def run(*arguments):
    """Run the command ``papi`` in this process."""
    return CliRunner().invoke(cli.main, [str(one) for one in arguments])


def told(frame):
    """What is wrong with records, as lines."""
    return findings.lines("f", records.check(frame, YEAR)[1], None)


def doubted(frame):
    clean, problems = records.check(frame, YEAR)
    assert problems.empty, findings.lines("f", problems)
    return findings.lines("f", plausible.doubts(clean, YEAR), None)


def changed(frame, column, rows, value):
    """The frame with other values, by position, in one column."""
    values = frame[column].astype(object).to_numpy(copy=True)
    values[rows] = value
    return frame.assign(**{column: values})


# --- what the command tells --------------------------------------------------------------------------


def test_all_problems_are_told_with_rows_and_values_and_nothing_is_written(tmp_path, few):
    bad = few.drop(columns="water_swim")
    bad = changed(bad, "road", [5, 8], ["x", 7])
    bad = changed(bad, "weight", 8, -1)
    bad = changed(bad, "district_code", 9, "Ba Đìn\x1b[2J")
    bad = changed(bad, "cluster", 10, None)
    skipped = np.flatnonzero(bad["cert_done"] == 2)[0]
    bad = changed(bad, "cert_fees", skipped, 1)
    bad.to_csv(tmp_path / "bad.csv", index=False)
    done = run("check", tmp_path / "bad.csv", "--write", tmp_path / "new.parquet")
    lines = done.stderr.replace(f"{tmp_path}/", "")
    assert done.exit_code == 2
    for line in (
        "papi: bad.csv: columns are missing: water_swim; add them",
        "papi: bad.csv, rows 7, 10, column 'road': 'x' (also '7') is no code of the item; it has 1=Đường nhựa",
        "papi: bad.csv, row 10, column 'weight': '-1.0' is no weight",
        r"papi: bad.csv, row 11, column 'district_code': 'Ba Đìn\x1b[2J' is no",
        "papi: bad.csv, row 12, column 'cluster': is empty; fill it in",
        f"papi: bad.csv, row {skipped + 2}, column 'cert_fees': '1.0' is answered though 'cert_done' says",
        "papi: bad.csv: 7 problems of 6 kinds; nothing was written",
    ):
        assert line.replace("1.0'", "1'") in lines.replace("1.0'", "1'")
    assert list(tmp_path.iterdir()) == [tmp_path / "bad.csv"]


def test_a_file_that_is_wrong_throughout_is_told_in_a_few_lines(tmp_path, few):
    wrong = few.head(40).assign(**dict.fromkeys(BOOK.index, "không rõ"))
    wrong.to_csv(tmp_path / "wrong.csv", index=False)
    done = run("check", tmp_path / "wrong.csv")
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) < 20
    assert f"and {len(BOOK) - 10} more kinds ({40 * (len(BOOK) - 10)} cells); all of them with --all" in done.stderr
    everything = run("check", tmp_path / "wrong.csv", "--all").stderr
    assert all(f"column '{item}': 'không rõ' is no code" in everything for item in BOOK.index)


def test_faultless_records_are_written_and_doubts_are_told_beside(tmp_path, few):
    few.assign(air_clean=None).to_csv(tmp_path / "a.csv", index=False)
    done = run("check", tmp_path / "a.csv", "-w", tmp_path / "a.parquet")
    assert done.exit_code == 0
    assert "warning: " in done.stderr
    assert "1 warning. Written:" in done.stdout
    clean, problems = records.check(records.read(tmp_path / "a.parquet"), YEAR)
    assert problems.empty
    assert len(clean) == len(few)


def test_options_for_records_are_refused_for_tables():
    for option in (["--all"], ["--year", "2024"]):
        done = run("check", "data/published/2024.csv", *option)
        assert done.exit_code == 2
        assert f"{option[0]}: only for a file of respondents' records" in done.stderr


def test_a_report_on_faulty_records_names_the_first_problem(tmp_path, few):
    few.assign(road="x", power="x").to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(datafiles.DataError, match=r"bad\.csv, rows 2, 3, 4, … .*'x' is no code.*tells 1 more\)"):
        records.load(tmp_path / "bad.csv", YEAR)


def test_twenty_thousand_respondents_take_seconds(city):
    many = city.iloc[np.arange(20_000) % len(city)].set_axis(pd.RangeIndex(20_000, name="row"))
    text = pd.DataFrame({name: many[name].astype("str") + "?" for name in many})
    for frame in (many, text):
        start = time.process_time()
        clean, problems = records.check(frame, YEAR)
        plausible.doubts(clean, YEAR)
        assert time.process_time() - start < 10
        assert len(findings.lines("f", problems)) <= 11


# --- columns -----------------------------------------------------------------------------------------


def test_columns_in_capitals_are_taken(few):
    clean, problems = records.check(few.rename(columns=str.upper), YEAR)
    assert problems.empty
    pd.testing.assert_frame_equal(clean, records.check(few, YEAR)[0])


def test_columns_that_are_missing_or_there_twice_are_told(few):
    twice = pd.concat([few, few[["weight"]].rename(columns={"weight": "Weight"})], axis=1)
    assert told(twice) == ["f, column 'weight': the column is there 2 times; keep one"]
    assert told(few[["weight"]])[0].startswith("f: columns are missing: district_code, stratum, cluster, knows_")
    assert told(pd.concat([few, few[["road"]].rename(columns={"road": "note"})], axis=1)) == []


def test_a_file_without_respondents_is_refused(few):
    assert told(few.head(0)) == ["f: the file has no respondents; add their rows below the header"]


@pytest.mark.parametrize(("text", "simulated"), [("True", True), ("false", False), ("1", True), (0.0, False)])
def test_whether_answers_are_made_up_is_understood_in_any_type(few, text, simulated):
    clean, problems = records.check(few.assign(simulated=text), YEAR)
    assert problems.empty
    assert (clean["simulated"] == simulated).all()


def test_an_unclear_word_on_made_up_answers_is_refused(few):
    assert "column 'simulated': 'có' is neither 1 (made up) nor 0" in told(changed(few, "simulated", 0, "có"))[0]


# --- weights and design ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (0, "is no weight"), ("abc", "is no weight"), ("²", "is no weight"), (None, "is empty"),
        (np.inf, "is beyond all numbers"), ("1e400", "is beyond all numbers"), (1e308, "is more people than"),
    ],
)  # fmt: skip
def test_a_weight_that_is_none_is_told(few, value, why):
    lines = told(changed(few, "weight", 4, value))
    assert len(lines) == 1
    assert lines[0].startswith("f, row 6, column 'weight': ")
    assert why in lines[0]


@pytest.mark.parametrize(
    ("weights", "value"),
    [(["949", "1.165"], None), (["949", "1,165"], None), (["949.5", "1.165"], 1.165), (["949,5", "1,165"], 1.165)],
)
def test_a_weight_that_may_be_read_in_two_ways_is_refused(few, weights, value):
    frame = few.head(2).assign(weight=weights)
    clean, problems = records.check(frame, YEAR)
    if value is None:
        assert "'1.165' may be read in two ways".replace(".", weights[1][1]) in findings.lines("f", problems)[0]
    else:
        assert problems.empty
        assert clean["weight"].iloc[1] == value


def test_a_cluster_in_two_strata_is_told(few):
    lines = told(changed(few, "stratum", 0, "other"))
    assert len(lines) == 1
    assert "column 'cluster': '001-01' lies in the strata other and 001; a cluster lies in one" in lines[0]


def test_districts_of_two_provinces_are_told(tmp_path, monkeypatch, few):
    shutil.copytree(datafiles.folder(), tmp_path / "data")
    with (tmp_path / "data" / "places" / "districts.csv").open("a", encoding="utf-8") as file:
        file.write("999,48,Quận Mới,quan\n")
    monkeypatch.setenv("PAPI_DATA", str(tmp_path / "data"))
    lines = told(changed(few, "district_code", [0, 1], "999"))
    assert "f, rows 2, 3, column 'district_code': '999' lies in Da Nang, most others in Ha Noi" in lines[0]


def test_unknown_districts_are_told_by_name_with_the_nearest(few):
    lines = told(changed(few, "district_code", [0, 1, 2], ["Ba Đìn", "Ba Đìn", "Hoàng Kiếm"]))
    assert len(lines) == 2
    assert "rows 2, 3, column 'district_code': 'Ba Đìn'" in lines[0]
    assert "Quận Ba Đình" in lines[0]
    villages = few.assign(district_code=[f"thôn {i}" for i in range(len(few))])
    many = pd.concat([villages, villages.assign(district_code=villages["district_code"] + "a")])
    assert "is one of" in told(many)[0]
    assert len(told(many)) == 1


def test_respondents_who_are_there_twice_are_refused_and_a_few_are_told(few):
    assert "every respondent is there twice (row" in told(pd.concat([few, few], ignore_index=True))[0]
    with_two = pd.concat([few, few.head(2)], ignore_index=True)
    n = len(with_two)
    assert doubted(with_two) == [f"f, rows {n - 1}, {n}: 2 of {n} respondents repeat an earlier one, answer by answer (row {n - 1} is row 1); keep each once"]  # fmt: skip
    other_people = pd.concat([few, few.assign(weight=few["weight"] + 1)], ignore_index=True)
    assert told(other_people) == []


def test_a_weight_that_holds_all_is_told(few):
    lines = doubted(changed(few, "weight", 3, 50_000_000))
    assert f"{len(few)} respondents count as 1 (design effect" in lines[0]
    assert "f, row 5, column 'weight': '50000000' is over 50 times the median" in lines[-1]


def test_a_total_whose_design_effect_is_out_of_all_bounds_is_told():
    """Everybody in a cluster answers alike; or each cluster has the same mixture of answers."""
    answers = [row["answers_vi"] for _, row in BOOK.iterrows()]
    first, last = ({i: list(a)[k] for i, a in zip(BOOK.index, answers, strict=True)} for k in (0, -1))
    cluster = np.repeat(np.arange(24), 40)
    design = pd.DataFrame(
        {"district_code": "001", "stratum": "a", "cluster": cluster, "weight": 1 + 1e-6 * np.arange(960)}
    )
    asked = BOOK["asked_item"] == ""
    for best, bound in ((cluster % 2 == 0, "has a design effect of 4"), (np.arange(960) % 2 == 0, "has a design effect of 0")):  # fmt: skip
        given = pd.DataFrame({i: np.where(best, first[i], last[i]) for i in BOOK.index[asked]})
        frame = pd.concat([design, given.reindex(columns=BOOK.index)], axis=1)
        assert any(bound in line for line in doubted(frame)), doubted(frame)


def test_a_district_with_one_cluster_and_a_cluster_in_two_districts_are_told(few):
    single = few[(few["district_code"] != "002") | (few["cluster"] == "002-01")]
    assert "f, column 'cluster': there is one cluster in Quận Hoàn Kiếm: no standard error there" in doubted(single)
    assert "'001-01' lies in several districts" in doubted(changed(few, "district_code", 0, "276"))[0]


def test_the_simulated_survey_leaves_no_doubt(city):
    assert doubted(city) == []


# --- answers and labels ------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [7, 1.5, -1, "1.5", "1e0", "٢", True, "99 ", np.inf])
def test_only_whole_codes_of_the_item_are_answers(few, value):
    lines = told(changed(few, "road", 4, value))
    if value == "99 ":
        assert lines == []
    else:
        assert len(lines) == 1
        assert "is no code of the item; it has 1=Đường nhựa hoặc bê tông, 2=" in lines[0]


@pytest.mark.parametrize("kind", ["vi", "en", "plain", "numbered", "category"])
def test_labels_of_the_codebook_are_taken_as_codes(few, kind):
    written = few.copy()
    for item, row in BOOK.iterrows():
        labels = row["answers_en" if kind == "en" else "answers_vi"] | {code: str(code) for code in row["missing"]}
        if kind == "plain":
            labels = {code: places.plain(label) for code, label in labels.items()}
        elif kind == "numbered":
            labels = {code: f"{code}. {label}" for code, label in row["answers_vi"].items()} | {88: "88", 99: "99"}
        written[item] = few[item].map(labels).astype("category" if kind == "category" else "str")
    clean, problems = records.check(written, YEAR)
    assert problems.empty, findings.lines("f", problems)
    pd.testing.assert_frame_equal(clean, records.check(few, YEAR)[0])


def test_does_not_know_has_its_wording_in_all_items_and_other_words_are_told(few):
    row = BOOK.loc["road"]
    assert 88 in row["missing"]
    assert told(changed(few, "road", 4, "Không biết")) == []
    assert "'Đường sắt' is no code of the item" in told(changed(few, "road", 4, "Đường sắt"))[0]


def test_labels_that_contradict_the_codebook_are_refused(few):
    few.attrs["labels"] = {
        "voted_head": {1.0: "Không", 2.0: "Có"},
        "VOTED_COUNCIL": {1.0: "YES", 2.0: "no", 88.0: "không biết"},
        "knows_law": {1.0: "1. Có", 2.0: "Không", 88.0: "KB", "a": "Có"},
        "road": {1.0: "Nhựa", 2.0: "Sỏi"},
        "other": {1.0: "Không"},
    }
    clean, problems = records.check(few, YEAR)
    assert findings.lines("f", problems) == [
        "f, column 'voted_head': the file's own labels say 1=Không, 2=Có, the codebook 1=Có, 2=Không; recode one of them"
    ]
    assert problems.attrs["notes"] == [
        "labels of 2 columns are worded otherwise than the codebook's; compare them (knows_law: 88=KB)"
    ]


def test_a_does_not_know_that_counts_and_is_lost_is_refused(few):
    few.attrs["lost"] = {"knows_law": {".a": 3, ".b": 1}, "voted_head": {".a": 5}, "weight": {}}
    lines = told(few)
    assert len(lines) == 1
    assert "column 'knows_law': 4 answers are .a, .b, which may be 88 (does not know): that counts as 0" in lines[0]
    assert "replace knows_law = 88 if knows_law == .a" in lines[0]


def test_a_does_not_know_that_nobody_gave_is_told_where_cells_are_empty(few):
    lost = few.assign(knows_law=few["knows_law"].mask(few["knows_law"] == 88))
    assert any("nobody has 88 (does not know, which counts as 0) in knows_law, but" in line for line in doubted(lost))


def test_an_item_that_was_not_asked_is_told_once_with_what_it_takes(few):
    lines = doubted(few.assign(air_clean=np.nan))
    assert lines == [
        "f: not asked, or answered by nobody: air_clean; so air_quality, dimension 7 and the total have no estimate"
    ]


def test_answers_that_cannot_count_are_told(few):
    lines = doubted(few.assign(met_head=np.nan))
    assert any("column 'met_head': has no answer though what depends on it is answered (met_head_useful)" in line for line in lines)  # fmt: skip


def test_a_code_with_decimals_has_no_share():
    answers = pd.DataFrame({item: [1.0, 1.5, np.nan] for item in BOOK.index})
    assert codebook.score(answers, YEAR)["knows_law"].fillna(-1).to_list() == [1, -1, -1]
