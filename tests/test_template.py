"""The template of a survey: what is filled in by choosing from its lists passes the check as it is."""

import random

from click.testing import CliRunner
from openpyxl import load_workbook

from papi_lib.cli import main
from papi_lib.survey import codebook


def papi(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def answers(row, at):
    """Return what the 'at'th respondent chose by lot, by item: what only some are asked is empty for others."""
    given, chance = {}, random.Random(at)
    for item, about in row.iterrows():
        codes, needed = list(about["answers_vi"].items()), about["asked_item"]
        if not needed or (given.get(needed) and int(given[needed].split(".")[0]) in about["asked_codes"]):
            code, label = chance.choice(codes)
            given[item] = f"{code}. {label}"
    return given


def fill(file, respondents, year, **wrong):
    """Write made-up respondents of three places into a template, the third with these answers; return the places."""
    book = load_workbook(file)
    sheet, places = book.worksheets[0], [cell.value for cell in book.worksheets[2]["A"]][:3]
    names = {cell.value: cell.column for cell in sheet[2]}
    for at in range(respondents):
        place = places[at % 3]
        design = {next(iter(names)): place, "stratum": place, "cluster": f"{place}, thôn {at // 3 % 2}", "weight": 1, "year": year}  # fmt: skip
        for name, value in (design | answers(codebook.items(2024), at) | (wrong if at == 2 else {})).items():
            sheet.cell(3 + at, names[name], value)
    book.save(file)
    return places


def test_a_wrong_answer_in_a_template_is_told_with_its_cell(tmp_path):
    file = tmp_path / "survey.xlsx"
    assert papi("template", "-p", "Hà Nội", "--level", "district", file).exit_code == 0
    book = load_workbook(file)
    sheet = book.worksheets[0]
    assert sheet["E1"].value == "Năm"
    assert book.worksheets[2].max_row == 30
    rules = {str(rule.sqref).split("3:")[0]: rule for rule in sheet.data_validations.dataValidation}
    assert rules["A"].formula1 == f"'{book.sheetnames[2]}'!$A$1:$A$30"
    assert "đại diện" in rules["D"].prompt
    fill(file, 12, 2024, voted_assembly="7. Không biết gì")
    told = papi("check", file)
    assert told.exit_code == 2
    assert "row 5, column 'voted_assembly': '7. Không biết gì' is no code" in told.output


def test_a_template_for_communes_has_the_communes_of_the_province_of_the_year(tmp_path):
    file = tmp_path / "survey.xlsx"
    assert "for communes of Đà Nẵng in 2025" in papi("template", "-p", "Da Nang", file).output
    book = load_workbook(file, read_only=True)
    assert [cell.value for cell in next(book.worksheets[0].iter_rows(min_row=2))][:2] == ["commune_code", "stratum"]
    assert sum(1 for _ in book.worksheets[2].iter_rows()) == 94
    assert "is there already" in papi("template", "-p", "Da Nang", file).output
