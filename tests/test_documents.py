"""Documents of a run: briefs, workbooks and the zip say what the pages say, and open."""

import io
import zipfile

import pytest
from click.testing import CliRunner
from docx import Document
from openpyxl import load_workbook
from PIL import Image
from site_runs import district_facts, facts, job, notebook
from site_runs import run as make_run

from papi_lib.cli import main
from papi_lib.page.words import Words

SVG = '<svg viewBox="0 0 100 40" aria-label="Hai thanh: 1 và 2"><rect width="50" height="40" style="fill: var(--c08306b,#08306b)"/></svg>'
FIGURES = "<table class='figures'><caption>Số liệu của hình</caption><tr><th>trục</th><th>điểm</th></tr><tr><th>A</th><td class='number'>1,50</td></tr></table>"
PICTURE = f'<figure class="picture"><div>{SVG}</div><figcaption>Điểm từng nội dung</figcaption><details>{FIGURES}</details></figure>'
YEARS = "<table class='figures by-year'><caption>Qua các năm</caption><tr><th>nội dung</th><th>2024</th></tr><tr><th>Tổng điểm</th><td class='number group-1'>−1.043,77 (29)</td></tr></table>"
ODD = "<table class='figures'><caption>=1+1 [x]</caption><tr><th>mục</th><th>giá trị</th></tr><tr><th>=cmd()</th><td class='number'>–</td></tr></table>"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    w, record = Words("vi", 2024), job("Hà Nội", "ha-noi")
    ask = f'<h2 data-method="x">{w("Which parts make it so?")}</h2>'
    lead = '<ul class="findings"><li>Hà Nội đứng thứ 29/61.</li></ul>'
    told = facts(record, findings=["Hà Nội đứng thứ 29/61."], missing=["Không có điểm năm 2019."])
    fragments = (
        lead,
        f'{ask}<p class="finding">Cao hơn ở quản trị điện tử.</p>{PICTURE}',
        "<h2>Khác?</h2>",
        YEARS,
        ODD,
    )
    make_run(out, (record, notebook(record, *fragments, told=told)))
    told = CliRunner().invoke(main, ["export", str(out), "--docx", "--xlsx", "--single", "--zip", str(out / "p.zip")])
    assert told.exit_code == 0, told.output
    return out


def test_a_brief_has_the_pages_words_pictures_with_text_and_captions(run):
    paper = Document(run / "documents/2024/vi/ha-noi.docx")
    text = [p.text for p in paper.paragraphs]
    assert text[0] == "Tóm tắt cho lãnh đạo: Hà Nội, 2024"
    assert {"Hà Nội đứng thứ 29/61.", "Cao hơn ở quản trị điện tử.", "Hình 1. Điểm từng nội dung"} <= set(text)
    assert "Khác?" not in text  # not one of the brief's questions
    (shape,) = paper.inline_shapes
    assert shape._inline.docPr.get("descr") == "Hai thanh: 1 và 2"
    drawn = paper.part.related_parts[shape._inline.graphic.graphicData.pic.blipFill.blip.embed].blob
    assert Image.open(io.BytesIO(drawn)).getpixel((10, 10))[:3] == (8, 48, 107)  # in the page's colours
    assert paper.styles["Normal"].element.xpath(".//w:lang/@w:val") == ["vi-VN"]


def test_a_places_workbook_has_numbers_ranks_of_their_own_and_no_formulas(run):
    book = load_workbook(run / "documents/2024/vi/ha-noi.xlsx")
    sheets = {sheet["A1"].value: sheet for sheet in book}
    assert [c.value for c in sheets["Qua các năm"][3]] == ["Tổng điểm", -1043.77, 29]
    assert [c.value for c in sheets["Điểm từng nội dung"][3]] == ["A", 1.5]
    odd = sheets["=1+1 [x]"]
    assert odd["A3"].value == "=cmd()"
    assert odd["A3"].data_type == odd["A1"].data_type == "s"
    assert odd["B3"].value is None
    links = [cell.hyperlink.location or cell.hyperlink.target for cell in book.worksheets[0]["A"] if cell.hyperlink]
    assert len(links) == 3


def test_a_runs_workbook_has_a_row_a_page_its_findings_and_what_is_missing(run):
    pages, findings, gaps = load_workbook(run / "documents/vi.xlsx").worksheets
    assert [cell.value for cell in pages[2]][:7] == ["Hà Nội", "tỉnh, thành phố", 2024, "Tổng quan", 41.5, None, 3]
    assert findings["E2"].value == "Hà Nội đứng thứ 29/61."
    assert gaps["E2"].value == "Không có điểm năm 2019."


def test_a_zip_holds_pages_and_documents_but_no_notebook(run):
    names = zipfile.ZipFile(io.BytesIO((run / "p.zip").read_bytes())).namelist()
    assert {"site/index.html", "documents/2024/vi/ha-noi.docx", "documents/2024/vi/ha-noi.html"} <= set(names)
    assert not [name for name in names if name.endswith((".ipynb", ".json", ".jsonl"))]


def test_a_single_page_leads_to_no_other_file(run):
    text = (run / "documents/2024/vi/ha-noi.html").read_text(encoding="utf-8")
    assert "Cao hơn ở quản trị điện tử." in text
    assert 'href="../' not in text
    assert "<link" not in text
    assert "<script" not in text


def test_reviewers_get_a_list_of_what_is_hidden_and_no_small_count(tmp_path):
    record = job("Ba Đình", "ha-noi/quan-ba-dinh")
    sample = {"respondents": 7, "clusters": 4}
    told = district_facts(record, sample=sample, suppressed=["Điểm minh bạch không hiện: quá ít người trả lời."])
    make_run(tmp_path, (record, notebook(record, told=told)))
    told = CliRunner().invoke(main, ["export", str(tmp_path), "--xlsx", "--zip", str(tmp_path / "p.zip")])
    assert told.exit_code == 0, told.output
    rows = list(load_workbook(tmp_path / "documents/protected.vi.xlsx").active.iter_rows(values_only=True))
    assert rows[1][0] == "Ba Đình, Hà Nội"
    assert rows[1][4:] == ("<10", 4, "Điểm minh bạch không hiện: quá ít người trả lời.")
    assert not [name for name in zipfile.ZipFile(tmp_path / "p.zip").namelist() if "protected" in name]
