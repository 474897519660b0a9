"""A researcher's own figures beside the scores: what matches, what is told, what is refused."""

import re

import pandas as pd
import pytest

from papi_lib import datafiles, places, published, tidy
from papi_lib.datafiles import DataError


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def totals():
    return published.totals(2024)


def test_names_in_any_spelling_and_codes_match(tmp_path, totals):
    file = write(tmp_path / "my.csv", "Tỉnh,nurses\nHà Nội,1\nhai phong,2\nTP. Hồ Chí Minh,3\n48,4\nHUẾ,5\n")
    joined, unmatched = tidy.join(totals, file)
    assert joined.loc[[1, 31, 79, 48, 46], "nurses"].to_list() == [1, 2, 3, 4, 5]
    assert list(joined.columns) == ["total", "rank", "group", "nurses"]
    assert joined.index.equals(totals.index)
    pd.testing.assert_frame_equal(joined[["total", "rank", "group"]], totals)
    assert len(unmatched) == 63 - 5
    assert (unmatched["row"] == 0).all()
    assert "Cà Mau" in set(unmatched["value"])


def test_names_in_use_and_headers_of_statistical_tables_match(tmp_path, totals):
    file = write(
        tmp_path / "my.csv", "Tỉnh/Thành phố;x\nTP.HCM;1\nTp.Cần Thơ;2\nT. Bắc Ninh;3\nHải Phòng, TP;4\nÐà Nẵng;5\n"
    )
    joined, unmatched = tidy.join(totals, file)
    assert joined.loc[[79, 92, 27, 31, 48], "x"].to_list() == [1, 2, 3, 4, 5]
    assert (unmatched["row"] == 0).all()


def test_code_and_name_of_a_row_are_one_place_and_both_are_keys(tmp_path, totals):
    file = write(tmp_path / "my.csv", "Mã tỉnh,Tỉnh,year,x\n01,Hà Nội,2024.0,1\n15.0,Yên Bái,2024,2\n,Huế,2024,3\n")
    own, unmatched = tidy.read(file)
    assert own.to_dict("list") == {"province_code": [1, 15, 46], "year": [2024] * 3, "x": [1, 2, 3]}
    assert unmatched.empty
    write(file, "name,code,x\nHà Nội,A1,1\nHuế,B2,2\n")  # a code of something else is a column like any other
    assert list(tidy.read(file)[0].columns) == ["province_code", "code", "x"]


def test_what_did_not_match_is_told_with_row_and_column(tmp_path, totals):
    file = write(tmp_path / "my.csv", "province,x\nHanoii,1\n,2\n,\nHuế,3\n")
    _, unmatched = tidy.join(totals, file)
    faults = unmatched[unmatched["row"] > 0]
    assert faults["row"].to_list() == [2, 3]
    assert "did you mean Hà Nội" in faults["problem"].iloc[0]
    assert faults["problem"].iloc[1] == "is empty; fill it in"
    lines = tidy.report(unmatched, file)
    assert lines[0].startswith(f"{file}, row 2, column 'province': 'Hanoii' is not known; did you mean Hà Nội")
    assert "nothing for 62 of the provinces: Hà Nội, Hà Giang" in lines[-1]


def test_years_join_by_year_and_excel_reads_like_csv(tmp_path):
    frame = tidy.panel("total", [2021, 2022, 2023, 2024], errors=False)
    own = pd.DataFrame({"Mã tỉnh": [1, 1, 4, 1], "Năm": [2023, 2024, 2024, 2030], "chi": [1.5, 2.5, 3.5, 9]})
    own.to_excel(tmp_path / "my.xlsx", index=False)
    joined, unmatched = tidy.join(frame, tmp_path / "my.xlsx")
    found = joined.dropna(subset="chi").set_index(["province_code", "year"])["chi"].to_dict()
    assert found == {(1, 2023): 1.5, (1, 2024): 2.5, (4, 2024): 3.5}
    assert unmatched.iloc[0][["row", "column", "value"]].to_list() == [5, "Năm", 2030]
    assert "in 2021, 2022" in unmatched.set_index("value").loc["Hà Nội", "problem"]
    write(tmp_path / "my.csv", own.to_csv(index=False, sep=";", decimal=","))
    pd.testing.assert_frame_equal(joined, tidy.join(frame, tmp_path / "my.csv")[0])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("province,x\nHà Nội,1\nHuế,2\nha noi,3\n", "row 4, column 'province': 'ha noi' repeats row 2 ('Hà Nội')"),
        ("province,year,x\nHuế,2023,1\nHuế,2024,1\n1,2024,2\n46,2024,1\n", "row 5, column 'province': '46' in 2024 repeats row 3"),
        ("place,x\nHà Nội,1\n", "row 1: no column names the provinces; the file has place, x"),
        ("province,total\nHà Nội,1\n", "row 1, column 'total': the frame has this column already; rename it"),
        ("province,x,x\nHà Nội,1,2\n", "row 1, column 'x': two columns have this name"),
        ("province;x\nHà Nội;1,234\n", "row 2, column 'x': '1,234' may be read in two ways"),
        ("province;x\nHà Nội;1,5\nHuế;1.5\n", "row 2, column 'x': '1,5' may be read in two ways"),
        ("province,year,x\nHà Nội,2024,1\n", "column 'year': the file has years and the frame has none"),
        ("province,x\nHà Nội\n", "row 2, column 'province': 1 values where 2 belong"),
        ("province,x\n", "row 1: the file has no rows"),
        ("code,name,x\n1,Hà Nội,1\n15,Lào Cai,2\n", "row 3, column 'code': '15' is Yên Bái, but 'Lào Cai' beside it is Lào Cai (whose code 15 is since 1 July 2025"),
        ("province,province_code,x\nHuế,48,1\n", "row 2, column 'province': 'Huế' is Thừa Thiên Huế, but '48' beside it is Đà Nẵng; correct one"),
    ],
)  # fmt: skip
def test_what_is_refused_names_file_row_and_column(tmp_path, totals, text, says):
    file = write(tmp_path / "my.csv", text)
    frame = tidy.panel("total", [2023, 2024], errors=False) if "2023" in text else totals
    with pytest.raises(DataError) as refused:
        tidy.join(frame, file)
    assert says in str(refused.value)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize("column", ["province_code", "name_vi"])
def test_figures_of_the_34_provinces_are_not_joined_to_the_63(tmp_path, totals, column):
    own = places.provinces(2025).reset_index().rename(columns={column: "Tỉnh"})[["Tỉnh"]].assign(x=1)
    with pytest.raises(DataError, match="column 'Tỉnh': these are the 34 provinces since 1 July 2025"):
        tidy.join(totals, write(tmp_path / "my.csv", own.to_csv(index=False)))


@pytest.mark.parametrize(
    "cell", ["=1+1", "+1+1", "-2+3|x", "@SUM(1)", "\t=1", " =1", "\u00a0=1", "\u200b=1", "＝1+1", "＠A1", "−1+1", "a;=1", "a; =1", "a|@b", "a\tb\t=1", "a\n=1", "a\r\n+1"],
)  # fmt: skip
def test_no_cell_is_run_wherever_a_spreadsheet_cuts_it(tmp_path, cell):
    tidy.write(pd.DataFrame({"a": ["x"], cell: [cell]}), tmp_path / "a.csv")
    text = (tmp_path / "a.csv").read_bytes().decode()
    for piece in re.split('[,;|\\t\\r\\n"]+', text):
        assert not re.match(r"[\s\u200b]*[=+\-@＝＋－＠−]", piece), text


def test_numbers_and_sentences_are_written_as_they_are(tmp_path):
    frame = pd.DataFrame(
        {"n": ["-1.5", "+84", "−0,5", "-3%"], "t": ["a, -5 b", "1-2", "x@y.vn", "a=b"], "x": [-1.5, 2, 3, 4]}
    )
    tidy.write(frame, tmp_path / "a.csv")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "a.csv", dtype={"n": "str"}), frame)


def test_a_column_with_one_word_among_numbers_is_told(tmp_path, totals):
    joined, unmatched = tidy.join(totals, write(tmp_path / "my.csv", "province,x\nHuế,1\nHà Nội,few\n"))
    assert joined.loc[1, "x"] == "few"
    assert unmatched.iloc[0]["row"] == 3
    assert "is no number, so that the column stays text" in unmatched.iloc[0]["problem"]


def test_the_command_writes_scores_with_own_columns_and_no_formulas(papi, tmp_path):
    file = write(tmp_path / "my.csv", 'province,gain,note\nHà Nội,-1.5,"=HYPERLINK(""http://x"")"\nHanoii,2,@x\n')
    done = papi("data", "--year", "2024", "--with", file, "--write", tmp_path / "joined.csv", "--lang", "en")
    assert done.exit_code == 0, done.stderr
    assert "row 3, column 'province': 'Hanoii' is not known" in done.stderr
    assert "nothing for 60 of the provinces" in done.stderr
    written = pd.read_csv(tmp_path / "joined.csv", dtype={"part": str})
    total = written[(written["province"] == "Ha Noi") & (written["part"] == "total")].iloc[0]
    assert total["score"] == pytest.approx(published.totals(2024).loc[1, "total"])
    assert (total["gain"], total["note"]) == (-1.5, '\'=HYPERLINK("http://x")')
    dimensions = written[(written["province_code"] == 1) & written["part"].isin(datafiles.read("dimensions")["key"])]
    assert dimensions["score"].sum() == pytest.approx(total["score"])


def test_a_file_for_stata_has_labels_of_variables_provinces_and_parts(papi, tmp_path):
    own = write(tmp_path / "my.csv", "province,visits\nHà Nội,3\n")
    done = papi("data", "--year", "2024", "--wide", "--with", own, "--write", tmp_path / "papi.dta")
    assert done.exit_code == 0, done.stderr
    with pd.read_stata(tmp_path / "papi.dta", iterator=True) as file:
        assert file.value_labels()["province_code"][1] == "Hà Nội"
        labels = file.variable_labels()
        assert (labels["egovernance"], labels["visits"]) == ("Quản trị điện tử", "")
        assert file.read(convert_categoricals=False).set_index("province_code").loc[1, "visits"] == 3
    frame = tidy.panel([8, "total"], [2024], "Huế", labels="en")
    tidy.write(frame, tmp_path / "long.dta")
    back = pd.read_stata(tmp_path / "long.dta")
    assert back["part"].to_list() == ["egovernance", "total"]
    assert back["part_name"].to_list() == ["E-governance", "PAPI"]
    assert back["score"].to_list() == frame["score"].to_list()


def test_the_command_refuses_in_one_line_and_writes_nothing(papi, tmp_path):
    file = write(tmp_path / "my.csv", "province,x\nHuế,1\nhue,2\n")
    done = papi("data", "--with", file, "--write", tmp_path / "joined.csv")
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "row 3, column 'province': 'hue' repeats row 2 ('Huế')" in done.stderr
    assert not (tmp_path / "joined.csv").exists()
    done = papi("data", "--year", "2024", "--write", file / "joined.csv")
    assert done.exit_code == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "cannot be written" in done.stderr
    assert "choose another name" in done.stderr
