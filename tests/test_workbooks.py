"""`papi import`: the programme's own workbooks, in every layout, with the traps that are known of them."""

import os
import shutil
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import workbook_files as files
from click.testing import CliRunner

from papi_lib import atomic, datafiles, index, places, published, workbooks
from papi_lib.cli import main
from papi_lib.datafiles import DataError

ROOT = Path(__file__).parents[1]


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """Let the library use a copy of the data."""
    shutil.copytree(ROOT / "data", tmp_path / "data")
    monkeypatch.setenv("PAPI_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def bring(copied):
    """Import workbooks into that copy."""
    return lambda *paths, **options: workbooks.bring(list(paths), **options)


def changed(folder):
    """Return the files that differ from those delivered."""
    base = ROOT / "data"
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()
            and (not (base / p.relative_to(folder)).exists() or p.read_bytes() != (base / p.relative_to(folder)).read_bytes())}  # fmt: skip


# --- every layout ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [2011, 2014])
def test_a_province_a_row_gives_the_stored_scores(tmp_path, bring, year):
    path = files.rows_book(tmp_path / f"PAPI-{year}-Dữ-liệu-1.xlsx", year)
    done = bring(path)
    parts, provinces = len(index.subdimensions(year)), 61 if year == 2014 else 63
    assert done.found == [
        f"{path.name}, sheet '{year}PAPI- Bảng tổng hợp kết quả': {year}, {provinces} provinces, {parts} sub-dimensions in 6 dimensions, the total"
    ]
    assert (done.told, done.differs, done.written) == ([], [], [])


@pytest.mark.parametrize("year", [2018, 2021])
def test_a_province_a_column_gives_the_stored_scores_and_more(tmp_path, bring, year):
    done = bring(files.columns_book(tmp_path, year, indicators=2))
    assert (done.told, done.differs) == ([], [])
    assert changed(tmp_path / "data") == {
        "published/standard_errors.csv", "published/weighted_totals.csv", "published/indicators/names.csv",
        f"published/indicators/{year}.csv", "datapackage.json",
    }  # fmt: skip
    errors = published.standard_errors().query("year == @year and part == 'total'").set_index("province_code")["se"]
    total = published.totals(year)["total"]
    assert errors.to_dict() == {code: pytest.approx(0.2 + code / 500) for code in total.index[total.notna()]}
    weighted = datafiles.read("weighted-totals").set_index("province_code")
    assert weighted["score"].to_dict() == pytest.approx((total.dropna() * 1.01).to_dict())
    assert weighted["se"].to_dict() == pytest.approx(errors.to_dict())
    rows = published.indicators(year)
    assert rows["indicator"].nunique() == 2 * len(index.subdimensions(year))
    row = rows.query("indicator == '1.2.1' and province_code == 1").iloc[0]
    assert (row["part"], row["name_vi"], row["scale"]) == (
        "participation_opportunities",
        "Tỷ lệ 0 của Cơ hội tham gia (%)",
        "0%-100%",
    )
    assert (row["name_en"] == "Share 0 of participation_opportunities") if year > 2018 else pd.isna(row["name_en"])
    assert row["value"] == round(published.series("participation_opportunities").at[1, year] / 10, 6)
    assert CliRunner().invoke(main, ["check"]).exit_code == 0


def test_63_columns_stand_under_the_34_provinces_in_four_header_rows(tmp_path, bring):
    done = bring(files.merged_book(tmp_path, blank=(2,)))
    assert done.told == ["2023: blank in the workbook, and the stored scores are kept: Hà Giang"]
    assert not [line for line in done.differs if "standard-errors" not in line]
    assert changed(tmp_path / "data") >= {"published/indicators/2024.csv", "published/indicators/2023.csv"}
    assert not changed(tmp_path / "data") & {f"published/{year}.csv" for year in index.years()}


def test_the_four_header_rows_may_stand_in_another_order_and_repeat_their_names(tmp_path):
    path = files.merged_book(tmp_path, tabs=[2024])
    book = openpyxl.load_workbook(path)
    rows = [[cell.value for cell in row] for row in book.active.iter_rows(max_row=4)]
    for at in range(4, len(rows[0])):
        for row in rows[:2]:
            row[at] = row[at] or (row[at - 1] if rows[3][at] else None)
    for at, row in enumerate([rows[3], rows[1], rows[2], rows[0]], 1):
        for column, value in enumerate(row, 1):
            book.active.cell(at, column).value = value
    book.save(path)
    (sheet,), _ = workbooks.read(path)
    assert sheet.notes == []
    assert sorted(sheet.values.columns) == places.provinces().index.to_list()


# --- the excerpt of 2023 --------------------------------------------------------------------------------------------


def test_the_excerpt_of_2023_is_read_to_the_digit(tmp_path):
    book, path = openpyxl.Workbook(), tmp_path / files.FILES[2023]
    book.active.title = "2023_VIE_ENG"
    for row in files.excerpt_lines():
        book.active.append(row)
    book.save(path)
    (sheet,), other = workbooks.read(path)
    assert (other, sheet.notes, list(sheet.values.columns)) == ([], [], [1, 2, 4])
    assert sheet.values.to_numpy().tolist() == [row[3:] for row in files.excerpt_lines()[2:]]
    assert [label.code for label in sheet.labels.values()] == [None, None, None, None, (1,), (1, 1), None, None, (1, 2)]
    assert sheet.labels["row 9"] == (
        None,
        "Hiểu biết về chính sách hiện hành (%)",
        "Proportion with Civic Knowledge",
        "0%-100%",
    )
    with pytest.raises(DataError, match=r"no line 1\.3, 1\.4, 2\.1.* of 2023; nothing of the year is taken"):
        workbooks.figures(2023, [sheet], index.structure(2023))


def test_a_whole_workbook_with_the_excerpt_gives_its_figures(tmp_path, bring):
    """All three provinces' scores and standard errors are as stored; their indicators come out to the digit."""

    def put_in(made):
        for line, row in zip([*made[:4], *made[8:13]], files.excerpt_lines()[2:], strict=True):
            line[:3] = row[:3]
            line[3] = line[3].astype(float)
            line[3].loc[[1, 2, 4]] = row[3:]

    done = bring(files.columns_book(tmp_path, 2023, change=put_in, indicators=2))
    assert (done.told, done.differs) == ([], [])
    rows = published.indicators(2023)
    known = rows[rows["province_code"].isin([1, 2, 4]) & rows["indicator"].isin(["1.1.1", "1.1.2"])]
    assert known["value"].to_list() == [0.745272, 0.703545, 0.483298, 0.581964, 0.334127, 0.369411]
    assert known["name_en"].unique().tolist() == ["Proportion with Civic Knowledge", "Knowledge of Leaders"]
    assert (rows.query("indicator == '1.1.1'")["part"] == "civic_knowledge").all()
    errors = published.standard_errors().query("year == 2023")
    assert errors["se"].to_list()[:3] == [0.157685, 0.886877, 0.193045]
    assert len(errors) == 61


# --- what differs ---------------------------------------------------------------------------------------------------


def raise_civic_knowledge(made):
    """Ha Noi's civic knowledge, and all sums with it, one tenth higher."""
    for line in made:
        if line[0] in ("Civic knowledge", "Dimension 1: Participation at local levels", "Unweighted PAPI Score"):
            line[3] = line[3].copy()
            line[3].loc[1] += 0.1
        if line[0].startswith("Unweighted 95%"):
            line[3] = line[3].copy()
            line[3].loc[1] += 0.1


def test_a_changed_score_is_shown_and_not_written(tmp_path, bring):
    path = files.columns_book(tmp_path, 2021, change=raise_civic_knowledge)
    done = bring(path)
    assert done.differs == ["2021, scores, Hà Nội, 1, civic_knowledge: stored 0.837395, workbook 0.937395"]
    assert "published/2021.csv" not in changed(tmp_path / "data")
    again = bring(path)
    assert (again.differs, again.written) == (done.differs, [])
    done = bring(path, replace=True)
    assert [p.name for p in done.written] == ["2021.csv"]
    old, new = ((f / "published/2021.csv").read_text().splitlines() for f in (ROOT / "data", tmp_path / "data"))
    assert [(a, b) for a, b in zip(old, new, strict=True) if a != b] == [
        ("2021,1,1,civic_knowledge,0.837395", "2021,1,1,civic_knowledge,0.937395")
    ]  # fmt: skip


def test_a_repeated_year_is_taken_from_its_own_workbook(tmp_path, bring):
    own = files.columns_book(tmp_path, 2021)
    book = openpyxl.Workbook()
    files.columns_sheet(book.active, 2021, change=raise_civic_knowledge)
    book.active.title = "2021_VIE_ENG"
    files.columns_sheet(book.create_sheet("2023_VIE_ENG"), 2023)
    book.create_sheet("Ghi chú").append(["Không có số liệu"])
    newer = tmp_path / files.FILES[2023]
    book.save(newer)
    done = bring(newer, own)
    assert [line for line in done.differs if line.startswith("2021")] == []
    assert f"{newer.name}, sheet 'Ghi chú': has no provinces; passed over" in done.told
    assert done.found[1].endswith("; repeated, not taken")
    assert [line for line in bring(newer).differs if line.startswith("2021")] == [
        "2021, scores, Hà Nội, 1, civic_knowledge: stored 0.837395, workbook 0.937395"
    ]  # fmt: skip


def test_scores_that_were_a_gap_are_written_only_when_asked_and_then_the_gap_goes(tmp_path, bring):
    def fill(made):
        for line in made:
            line[3] = line[3].fillna(line[3].mean())

    path = files.columns_book(tmp_path, 2021, change=fill)
    assert sum("stored nothing" in line for line in bring(path).differs) == 3 * 28
    assert published.missing("Bắc Ninh", 2021) == list(range(1, 9))
    bring(path, replace=True)
    assert published.missing("Bắc Ninh", 2021) == []
    assert 2021 not in datafiles.read("gaps")["year"].to_list()
    assert published.load(2021)["province_code"].nunique() == 63


# --- the year -----------------------------------------------------------------------------------------------------------


def test_a_year_that_nothing_settles_is_asked_for(tmp_path, bring):
    path = files.rows_book(tmp_path / "PAPI-2026-data.xlsx", 2011, tab=2025)
    with pytest.raises(DataError, match="file and sheets tell 2025 and 2026; say the year with --year"):
        bring(path)
    path = path.rename(tmp_path / "unnamed.xlsx")
    assert bring(path, year=2011).differs == []
    with pytest.raises(DataError, match="has no sheet of 2019; there are 2022, 2023"):
        bring(files.columns_book(tmp_path, 2023, tabs=[2023, 2022]), year=2019)


def test_a_new_year_takes_one_option_and_everything_knows_it(tmp_path, bring):
    book, path = openpyxl.Workbook(), tmp_path / "2025PAPI_ProvincialIndicators.xlsx"
    files.columns_sheet(book.active, 2024, indicators=1, of=2025)
    book.active.title = "2025_VIE_ENG"
    book.save(path)
    with pytest.raises(DataError, match="2025 is new: say whose structure it has, as with --edition 2021"):
        bring(path)
    done = bring(path, edition=2021)
    assert done.told == ["2025: blank, and entered in gaps.csv as not published: Phú Thọ, Đồng Tháp"]
    assert (index.years()[-1], index.edition(2025)) == (2025, 2021)
    assert published.totals(2025)["total"].round(6).equals(published.series(of=2025)[2024].rename("total").round(6))
    assert datafiles.resource_names("scores-") == [f"scores-{year}" for year in index.years()]
    assert len(published.indicators(2025)) == 32 * 28
    assert CliRunner().invoke(main, ["check"]).exit_code == 0
    assert bring(path).written == []


# --- provinces ------------------------------------------------------------------------------------------------------------


def test_names_with_blanks_prefixes_and_without_diacritics(tmp_path, bring):
    names = places.provinces()["name_vi"].to_list()
    names[:6] = ["  TP. Hà Nội ", "Ha Giang", "tỉnh Cao Bằng", "BẮC KẠN", "Tuyên  Quang", "Lào Cai\n"]
    done = bring(files.rows_book(tmp_path / "PAPI-2013-Dữ-liệu-1.xlsx", 2013, names=names))
    assert (done.told, done.differs) == ([], [])


def test_a_name_that_is_unknown_beside_a_code_is_told(tmp_path):
    names = places.provinces()["name_vi"].to_list()
    names[1] = "Hà Giangg"
    path = files.columns_book(tmp_path, 2019, names=names)
    (sheet,), _ = workbooks.read(path)
    assert list(sheet.values.columns) == places.provinces().index.to_list()
    assert sheet.notes == [
        f"{sheet.where}, column E: 'Hà Giangg' is no province that is known; the one beside it is taken"
    ]


def test_a_name_that_is_unknown_is_told_with_its_place_and_costs_its_province_alone(tmp_path, bring):
    names = places.provinces()["name_vi"].to_list()
    names[1] = "Hà Giangg"
    path = files.columns_book(tmp_path, 2019, names=names)
    codes = openpyxl.load_workbook(path)
    codes.active.delete_rows(1)
    codes.save(path)
    done = bring(path)
    assert done.told == [
        f"{path.name}, sheet '2019PAPI_Indicators_VIE', column E: 'Hà Giangg' is no province that is known; not taken",
        "2019: blank in the workbook, and the stored scores are kept: Hà Giang",
    ]


def test_codes_alone_are_enough(tmp_path):
    path = files.columns_book(tmp_path, 2019)
    book = openpyxl.load_workbook(path)
    book.active.delete_rows(2)
    book.save(path)
    (sheet,), _ = workbooks.read(path)
    assert list(sheet.values.columns) == places.provinces().index.to_list()


def test_a_column_of_figures_without_a_province_is_told(tmp_path):
    path = files.columns_book(tmp_path, 2019)
    book = openpyxl.load_workbook(path)
    book.active["BO2"], book.active["BO3"], book.active["BP3"] = "Trung bình", 43.1, 17
    book.save(path)
    (sheet,), _ = workbooks.read(path)
    assert sheet.notes == [
        f"{sheet.where}, column BO: 'Trung bình' is no province that is known; not taken",
        f"{sheet.where}, column BP: 'no name' is no province that is known; not taken",
    ]
    assert len(sheet.values.columns) == 63


def test_codes_and_names_that_disagree_are_refused(tmp_path, bring):
    names = places.provinces()["name_vi"].to_list()
    names[0], names[1] = names[1], names[0]
    with pytest.raises(DataError, match=r"sheet '2019PAPI_Indicators_VIE', column D: .* stands beside it; correct one"):
        bring(files.columns_book(tmp_path, 2019, names=names))
    names[:2] = ["Hà Giang", "Hà Giang"]
    with pytest.raises(DataError, match="column D: 'Hà Giang' is Hà Giang, but Hà Nội stands beside it"):
        bring(files.columns_book(tmp_path, 2019, names=names))


def test_a_province_that_stands_twice_is_refused(tmp_path, bring):
    names = places.provinces()["name_vi"].to_list()
    names[1] = names[0]
    with pytest.raises(
        DataError, match="sheet '2012PAPI- Bảng tổng hợp kết quả': Hà Nội stands in row 2 and row 3; delete"
    ):
        bring(files.rows_book(tmp_path / "PAPI-2012-Dữ-liệu-1.xlsx", 2012, names=names))


def test_figures_of_the_34_provinces_are_of_no_year_before(tmp_path, bring):
    book, path = openpyxl.Workbook(), tmp_path / "2025PAPI.xlsx"
    table = places.provinces(2025)
    for row in (["", "Mã", *table.index], ["", "Tỉnh", *table["name_vi"]], ["Dimension 1: P", "", *[5.0] * 34]):
        book.active.append(row)
    book.save(path)
    with pytest.raises(DataError, match="these are the 34 provinces since 1 July 2025, and 2024 has others"):
        bring(path, year=2024)


# --- figures ------------------------------------------------------------------------------------------------------------------


def alter(name, change):
    """Return what alters the line of a name."""

    def altered(made):
        for line in made:
            if line[0] == name:
                line[3] = line[3].astype(object)
                change(line)

    return altered


def put(code, value):
    return lambda line: line[3].__setitem__(code, value)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("Civic knowledge", put(1, 1.9), r"the sub-dimensions of dimension 1 give .* in Hà Nội, where .* stands \(1 such"),
        ("Dimension 8: E-governance", put(31, 2.0), "the sub-dimensions of dimension 8 give .* in Hải Phòng"),
        ("Unweighted PAPI Score", put(1, 50.0), "the dimensions give .* in Hà Nội, where 50 stands"),
        ("Quality of air", put(1, None), "Hà Nội has only some sub-dimensions of dimension 7"),
        ("Quality of air", lambda line: line.__setitem__(2, "0%-100%"), r"no line 7\.2 of 2019"),
        ("Quality of air", lambda line: line.__setitem__(1, "7: Không khí"), r"no line 7\.2 of 2019"),
    ],
)  # fmt: skip
def test_a_year_that_does_not_add_up_is_not_taken(tmp_path, name, change, said):
    sheets, _ = workbooks.read(files.columns_book(tmp_path, 2019, change=alter(name, change)))
    with pytest.raises(DataError, match=said):
        workbooks.figures(2019, sheets, index.structure(2019))


def test_a_year_that_is_not_taken_costs_no_other(tmp_path, bring):
    book, path = openpyxl.Workbook(), tmp_path / files.FILES[2023]
    files.columns_sheet(book.active, 2022, change=alter("Civic knowledge", put(1, 1.9)))
    book.active.title = "2022_VIE_ENG"
    files.columns_sheet(book.create_sheet("2023_VIE_ENG"), 2023)
    book.save(path)
    done = bring(path)
    assert done.refused
    assert "sheet '2022_VIE_ENG': the sub-dimensions of dimension 1 give" in done.told[0]
    errors = pd.read_csv(tmp_path / "data" / "published" / "standard_errors.csv")
    assert errors["year"].unique().tolist() == [2023]


def test_zeros_that_stand_for_missing_are_told(tmp_path, bring):
    def zeros(made):
        for line in made[:1] + made[8:]:
            line[3] = line[3].fillna(0)

    done = bring(files.columns_book(tmp_path, 2021, change=zeros))
    assert done.differs == []
    assert done.told == [
        f"{files.FILES[2021]}, sheet '2021_VIE_ENG': 108 scores are zero, which is below the scale, and taken as missing: Quảng Ninh, Bắc Giang, Bắc Ninh"
    ]


def test_an_indicator_that_looks_like_a_score_is_told_and_taken_as_an_indicator(tmp_path, bring):
    def numbered(line):
        line[1:3] = "7.2: Tỷ lệ", None

    done = bring(files.columns_book(tmp_path, 2019, change=alter("Share 0 of air_quality", numbered), indicators=2))
    assert done.told[0].endswith(
        "'7.2: Tỷ lệ' is taken for no score, because another line of its number has other figures"
    )
    assert (done.differs, len(done.told)) == ([], 1)
    assert published.indicators(2019).query("indicator == '7.2.1'")["name_vi"].iloc[0] == "7.2: Tỷ lệ"


def test_running_numbers_are_not_taken_for_codes(tmp_path):
    book = openpyxl.load_workbook(files.columns_book(tmp_path, 2019))
    book.active.insert_cols(1)
    for row in range(1, book.active.max_row + 1):
        book.active.cell(row, 1, row)
    book.save(tmp_path / files.FILES[2019])
    (sheet,), _ = workbooks.read(tmp_path / files.FILES[2019])
    assert list(sheet.values.columns) == places.provinces().index.to_list()


def test_a_zero_that_may_be_a_share_is_told(tmp_path, bring):
    done = bring(files.columns_book(tmp_path, 2019, change=alter("Share 0 of air_quality", put(1, 0)), indicators=2))
    assert done.told == [
        f"{files.FILES[2019]}, sheet '2019PAPI_Indicators_VIE': 1 indicators are zero where the score above them is published; taken as zero, though some may be missing"
    ]
    assert published.indicators(2019).query("part == 'air_quality'")["value"].iloc[0] == 0


def test_texts_and_lines_that_are_not_known_are_told(tmp_path, bring):
    def odd(made):
        alter("Share 1 of air_quality", put(4, "chưa có"))(made)
        alter("Share 0 of air_quality", put(2, 45.2))(made)
        made.insert(0, ["Number of respondents", "Số người trả lời", None, made[0][3] * 30])

    done = bring(files.columns_book(tmp_path, 2019, change=odd, indicators=2))
    where = f"{files.FILES[2019]}, sheet '2019PAPI_Indicators_VIE'"
    assert done.told == [
        f"{where}, row 96, column F: 'chưa có' is no number; such cells are taken as missing (1 in the line)",
        f"{where}, row 3: 'Số người trả lời' is not known; not taken",
        f"{where}, row 95: 'Tỷ lệ 0 của Chất lượng không khí (%)' has 0.153 to 45.2 on the scale 0%-100%; not taken",
    ] or done.told[2].endswith("on the scale 0%-100%; not taken")


def test_standard_errors_come_from_their_line_or_from_the_width(tmp_path, bring):
    def without(made):
        del made[3]

    done = bring(files.columns_book(tmp_path, 2019, change=without))
    assert done.told == [
        f"{files.FILES[2019]}, sheet '2019PAPI_Indicators_VIE': the total has an interval and no standard error; its width divided by 3.29 is taken"
    ]
    assert published.standard_errors().query("year == 2019 and province_code == 4")["se"].item() == pytest.approx(0.208)


def test_an_interval_of_another_width_is_told_and_the_line_taken(tmp_path, bring):
    def wider(made):
        for sign, line in ((-1, made[1]), (1, made[2])):
            line[3] = made[0][3] + sign * 1.96 * made[3][3]

    done = bring(files.columns_book(tmp_path, 2019, change=wider))
    assert done.told[0].endswith(
        "row 6: the standard error of the total and its interval disagree in 63 provinces (in Hà Nội 0.202, and the width divided by 3.29 is 0.240681); the standard error is taken"
    )
    assert published.standard_errors().query("year == 2019 and province_code == 4")["se"].item() == pytest.approx(0.208)


# --- whole or not at all --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_interrupted_writing_leaves_all_as_it_was(tmp_path, copied, monkeypatch, fault):
    path, folder = files.columns_book(tmp_path, 2019), copied
    real, calls = os.replace, []

    def replace(source, target):
        calls.extend([target] * (folder in target.parents))
        if len(calls) == 2:
            raise fault
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises((atomic.WriteError, KeyboardInterrupt)):
        workbooks.bring([path])
    assert changed(folder) == set()


@pytest.mark.parametrize("fault", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_several_files_are_all_new_or_all_as_they_were(tmp_path, monkeypatch, step, at, fault):
    paths = [tmp_path / name for name in ("a.csv", "b.csv", "new/c.csv")]
    for path in paths[:2]:
        path.write_text("old")
    real, calls = getattr(os, step), []

    def fail(*arguments):
        calls.append(arguments)
        if len(calls) == at + 1:
            raise fault
        real(*arguments)

    monkeypatch.setattr(os, step, fail)
    with pytest.raises((atomic.WriteError, KeyboardInterrupt)):
        atomic.write_all(dict.fromkeys(paths, b"new"), lasting=True)
    assert {p.name: p.read_text() for p in tmp_path.rglob("*") if p.is_file()} == {"a.csv": "old", "b.csv": "old"}


def test_what_is_no_workbook_of_the_programme_is_told_in_one_line(tmp_path, copied):
    text = tmp_path / "2024.xlsx"
    text.write_text("year,score\n")
    said = CliRunner().invoke(main, ["import", str(text)])
    assert (said.exit_code, said.stderr) == (
        2,
        f"papi: {text}: is no workbook that can be read; give the .xlsx file as published\n",
    )
    openpyxl.Workbook().save(text)
    said = CliRunner().invoke(main, ["import", str(text)])
    assert (said.exit_code, said.stderr) == (
        2,
        f"papi: {text}: no sheet has provinces; give a workbook of the programme\n",
    )


def test_the_command_tells_what_it_found_what_differs_and_what_to_do(tmp_path, copied):
    path = files.columns_book(tmp_path, 2021, change=raise_civic_knowledge)
    said = CliRunner().invoke(main, ["import", str(path)])
    assert said.exit_code == 1
    assert said.stdout.startswith(f"found: {path.name}, sheet '2021_VIE_ENG': 2021, 60 provinces, 28 sub-dimensions")
    assert said.stderr.splitlines() == [
        "papi: differs: 2021, scores, Hà Nội, 1, civic_knowledge: stored 0.837395, workbook 0.937395",
        "papi: 1 difference not written; --replace writes them",
    ]
    said = CliRunner().invoke(main, ["import", str(path), "--replace"])
    assert (said.exit_code, said.stdout.splitlines()[-1]) == (0, f"Written: {tmp_path / 'data/published/2021.csv'}")
