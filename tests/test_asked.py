"""A page is about what was asked: parameters that reach the notebook, facts that agree, in the run and afterwards."""

import json

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_notebook
from site_runs import job, notebook, run

from papi_lib import datafiles, report, site
from papi_lib.batch import run as batch
from papi_lib.batch.jobs import Job
from papi_lib.batch.pool import Pool
from papi_lib.site.files import FACTS

HUE = {"level": "province", "code": 46, "slug": "hue", "name": "Huế", "year": 2024, "lang": "vi"}
HUE |= {"notebook": "03_mine", "title": "Của tôi"}
ASKED = {"province": "Huế", "year": 2024, "lang": "vi"}
SET = "province: str = 'Hà Nội'\nyear: int = 2023\nlang = 'vi'"


@pytest.fixture(scope="module")
def pool():
    """One process that notebooks are copied from, for all runs here."""
    shared = Pool()
    yield shared
    shared.close()


@pytest.fixture
def make(tmp_path, pool):
    """Run a notebook of these cells, the first with these tags, for Huế, beside a good one; return its record and folder."""

    def made(*cells, tags=("parameters",), parameters=ASKED, labels=HUE, data="d"):
        path = tmp_path / "03_mine.ipynb"
        first = new_code_cell(cells[0], metadata={"tags": list(tags)})
        nbformat.write(new_notebook(cells=[first, *map(new_code_cell, cells[1:])]), path)
        good = tmp_path / "04_good.ipynb"
        nbformat.write(new_notebook(cells=[new_code_cell(SET, metadata={"tags": ["parameters"]})]), good)
        other = {**labels, "notebook": "04_good"}
        jobs = [Job(path, parameters, "2024/vi/hue/03_mine", labels), Job(good, ASKED, "2024/vi/hue/04_good", other)]
        settings = report.settings(workers=1, head={"data_hash": data}, prepare=None)
        records = batch.run(jobs, tmp_path / "out", settings, pool=pool)
        assert records[1]["error"] is None
        site.build(tmp_path / "out")
        return records[0], tmp_path / "out"

    return made


@pytest.mark.parametrize(
    ("source", "tags", "says"),
    [
        (SET, [], "one code cell must have the tag 'parameters', none has"),
        (SET.replace("province", "tinh"), ["parameters"], "does not set province, only tinh, year, lang"),
        (
            SET.replace("lang", "language"),
            ["parameters"],
            "does not set lang (did you mean language?), only province, year, language",
        ),
        ("province = 'x'", ["parameters"], "does not set year, lang, only province"),
        ("print(province, year, lang)", ["parameters"], "does not set province, year, lang, only nothing"),
        ("province == 'x'; year == 1; lang == 2", ["parameters"], "does not set province"),
        (f"{SET}\nrecords = ", ["parameters"], "its parameters cell is not Python (line 4: invalid syntax)"),
    ],
)
def test_a_notebook_that_parameters_would_not_reach_is_refused_by_name_before_it_runs(make, source, tags, says):
    record, out = make(source, f"open({'ran'!r}, 'w')", tags=tags)
    assert record["status"] == "failed"
    assert record["error"].startswith("03_mine.ipynb: ")
    assert says in record["error"]
    assert "\n" not in record["error"]
    assert not list(out.parent.glob("ran"))
    assert not (out / "notebooks/2024/vi/hue/03_mine.failed.ipynb").exists()
    page = (out / "site/2024/vi/hue/03_mine.html").read_text(encoding="utf-8")
    assert "Chưa làm được trang này" in page or "failure" in page


def test_a_parameter_that_the_notebook_does_not_know_is_refused(make):
    record, _ = make(SET, parameters={**ASKED, "district": "Ba Đình"})
    assert (
        record["error"]
        == "03_mine.ipynb: its parameters cell does not set district, only province, year, lang; name them alike"
    )


def test_a_second_cell_of_parameters_is_refused(tmp_path):
    cells = [new_code_cell(SET, metadata={"tags": ["parameters"]}) for _ in range(2)]
    nbformat.write(new_notebook(cells=cells), tmp_path / "n.ipynb")
    (record,) = batch.run([Job(tmp_path / "n.ipynb", ASKED, "n")], tmp_path / "out", batch.Settings(workers=1))
    assert record["error"].startswith("n.ipynb: one code cell must have the tag 'parameters', 2 has")


@pytest.mark.parametrize("source", ["province: str\nyear, lang = 1, 'vi'", "province = year = lang = None"])
def test_parameters_are_found_however_they_are_set(make, source):
    assert make(source, "print(province)")[0]["status"] == "done"


TELL = "from IPython.display import display\ndisplay({{'text/html': '<h1>FIGURES</h1>', {mime!r}: {told!r}}}, raw=True)"
ABOUT = {"place": {"level": "province", "code": 46, "name": "Huế"}, "year": 2024, "lang": "vi", "data_hash": "d"}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"place": {"level": "province", "code": 48, "name": "Đà Nẵng"}}, "the page is about Đà Nẵng (province 48), 2024, vi, asked was Huế (province 46), 2024, vi"),
        ({"place": {"level": "district", "code": 46, "name": "Huế"}}, "about Huế (district 46), 2024, vi, asked was Huế (province 46)"),
        ({"place": {"level": "province", "code": "46", "name": "Huế"}}, "the page is about Huế (province 46), 2024, vi"),
        ({"year": 2023}, "about Huế (province 46), 2023, vi, asked was Huế (province 46), 2024, vi"),
        ({"lang": "en"}, "2024, en, asked was Huế (province 46), 2024, vi"),
        ({"data_hash": "e"}, "2024, vi, data e, asked was Huế (province 46), 2024, vi, data d"),
        ({"score": "41"}, "what the page tells of itself cannot be used (score must be number or null)"),
        ({"findings": [1]}, "cannot be used (findings[0] must be string)"),
    ],
)  # fmt: skip
def test_a_page_about_something_else_fails_and_shows_nothing_of_it(make, more, says):
    record, out = make(SET, TELL.format(mime=FACTS, told=ABOUT | more))
    assert record["status"] == "failed"
    assert record["error"].startswith("03_mine.ipynb: ")
    assert says in record["error"]
    page = (out / "site/2024/vi/hue/03_mine.html").read_text(encoding="utf-8")
    assert "FIGURES" not in page
    assert not (out / "notebooks/2024/vi/hue/03_mine.ipynb").exists()
    assert "FIGURES" in (out / "notebooks/2024/vi/hue/03_mine.failed.ipynb").read_text()


@pytest.mark.parametrize("years", [[2023, 2024], [2024, 2023], [2024]])
def test_everything_that_a_page_tells_of_itself_must_be_right(make, years):
    record, _ = make(SET, *(TELL.format(mime=FACTS, told=ABOUT | {"year": year}) for year in years))
    assert record["status"] == ("failed" if 2023 in years else "done")


def test_a_district_page_of_other_records_fails(make):
    labels = HUE | {"source": "mine.sav", "parent": {"code": 46, "name": "Huế", "slug": "hue"}}
    record, _ = make(SET, TELL.format(mime=FACTS, told=ABOUT | {"source": "simulated.parquet"}), labels=labels)
    assert record["error"].endswith("2024, vi, simulated.parquet, asked was Huế (province 46), 2024, vi, mine.sav")


def test_a_page_of_another_dimension_than_its_title_says_fails(make):
    tell = TELL.format(mime=FACTS, told=ABOUT | {"dimension": 4})
    assert make(SET, tell, labels=HUE | {"dimension": 3})[0]["error"].endswith("2024, vi, dimension 4, asked was Huế (province 46), 2024, vi, dimension 3")  # fmt: skip
    assert make(SET, tell, labels=HUE | {"dimension": 4})[0]["error"] is None


def test_the_page_of_a_real_notebook_that_forgets_its_parameter_fails(make):
    fixed = "from papi_lib.page.page import Page\npage = Page.open('Đà Nẵng', year, lang, dimension=3)\npage.title()"
    record, _ = make(SET, fixed, data=datafiles.fingerprint())
    assert "the page is about Đà Nẵng (province 48), 2024, vi, asked was Huế (province 46), 2024, vi" in record["error"]


def altered(out, **changes):
    """Write other labels, or another score, into the manifest of a run of one page."""
    path = out / "manifest.json"
    content = json.loads(path.read_text())
    content["jobs"][0]["labels"] |= changes.pop("labels", {})
    content["jobs"][0]["facts"] |= changes
    path.write_text(json.dumps(content))
    site.build(out)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"labels": {"code": 48}}, "the page is about Hà Nội (province 1), 2024, vi, asked was Hà Nội (province 48), 2024, vi"),
        ({"labels": {"year": 2023}}, "2024, vi, asked was Hà Nội (province 1), 2023, vi"),
        ({"score": 47.9}, "the manifest tells other figures than its notebook"),
    ],
)  # fmt: skip
def test_verify_tells_pages_about_something_else_and_figures_of_no_notebook(tmp_path, changes, says):
    record = job("Hà Nội", "ha-noi")
    run(tmp_path, (record, notebook(record)))
    assert site.verify(tmp_path) == []
    altered(tmp_path, **changes)
    problem = site.verify(tmp_path)[0]
    assert problem.startswith(f"{tmp_path / 'site' / record['path']}.html: ")
    assert problem.endswith(says)


def test_verify_tells_lists_that_were_altered_and_pages_of_no_run(tmp_path):
    record = job("Hà Nội", "ha-noi")
    run(tmp_path, (record, notebook(record)))
    index, strange = tmp_path / "site/index.html", tmp_path / "site/2024/vi/old.html"
    index.write_text(index.read_text().replace("41,50", "47,90"))
    (tmp_path / "site/assets/nav.js").unlink()
    strange.write_text("<html></html>")
    assert site.verify(tmp_path) == [
        f"{tmp_path / 'site/assets/nav.js'}: is missing; make it again with papi site {tmp_path}",
        f"{index}: is not what the run gives; make it again with papi site {tmp_path}",
        f"{strange}: belongs to no notebook of the run",
    ]


def test_outputs_of_ones_own_notebook_are_on_the_page_and_what_is_not_is_counted(make):
    pictures = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    text = "from IPython.display import Markdown, SVG\nMarkdown('# Của tôi\\n\\n**đậm** <script>x</script>')"
    frame = "import pandas as pd\npd.DataFrame({'điểm': ['<b>1']})"
    record, out = make(
        SET, pictures, text, "print('<i>in</i>')", frame, "import sys; print('warned', file=sys.stderr)", "1 + 1",
        "SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"><script>y</script></svg>')", "print('long ' * 9000)",
    )  # fmt: skip
    assert record["status"] == "done", record["error"]
    page = BeautifulSoup((out / "site/2024/vi/hue/03_mine.html").read_text(encoding="utf-8"), "html.parser")
    assert [image["src"].partition(",")[0] for image in page.find_all("img")] == ["data:image/png;base64", "data:image/svg+xml;base64"]  # fmt: skip
    assert {image["alt"] for image in page.find_all("img")} == {"Hình chưa có lời mô tả."}
    assert [h.get_text() for h in page.select("main h1, main h2")] == ["Của tôi: Huế, 2024", "Của tôi"]
    assert page.main.strong.get_text() == "đậm"
    shown = [pre.get_text() for pre in page.select("main > pre")]
    assert shown[0] == "<i>in</i>\n"
    assert shown[1].startswith("long long")
    assert len(shown[1]) < 25_000
    assert page.select_one("table.figures tbody td").get_text() == "<b>1"
    assert {script.get("src", "inline").split("/")[-1] for script in page.find_all("script")} == {"papi.js", "nav.js"}
    assert "warned" not in page.main.get_text().replace("print('warned', file=sys.stderr)", "")
    assert record["left_out"] == 3  # the warning, the value and the end of the long print


def test_cells_for_analysts_leave_their_outputs_out_without_a_word(tmp_path):
    record = job("Hà Nội", "ha-noi")
    made = notebook(record, "<p>SHOWN</p>", "<p>LEFT OUT</p>")
    made.cells[-1].metadata["tags"] = ["analyst"]
    run(tmp_path, (record, made))
    page = (tmp_path / f"site/{record['path']}.html").read_text()
    assert ("SHOWN" in page, "LEFT OUT" in page, record["left_out"]) == (True, False, 0)


def test_no_page_names_a_folder_of_the_computer_that_made_it(make, tmp_path):
    """Not in parameters, code, prints, errors and lists; addresses of the web and words with strokes stay."""
    file = tmp_path / "Hồ sơ của Lan" / "khảo sát.sav"
    labels = HUE | {"source": file.name}
    seen = "m²/người/năm, https://papi.org.vn/eng/data/x và 24/11/2024"
    cells = (f"{SET}\nrecords = None", f"print({seen!r}, records, __import__('sys').prefix)", f"open({str(file.parent / 'x' / 'y.csv')!r})")  # fmt: skip
    record, out = make(*cells, parameters={**ASKED, "records": str(file)}, labels=labels)
    assert record["status"] == "failed"
    assert str(file.parent) in record["error"]  # where it is looked for
    for path in (out / "site").rglob("*.html"):
        text = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").get_text()
        for folder in (str(tmp_path), "Hồ sơ của Lan", "/tmp", "/usr", "/home", __import__("sys").prefix):
            assert folder not in text, (path, folder)
    page = (out / "site/2024/vi/hue/03_mine.html").read_text(encoding="utf-8")
    assert '"records": "khảo sát.sav"' in BeautifulSoup(page, "html.parser").footer.get_text()
    assert "y.csv" in page
    assert seen.replace("&", "&amp;") in page


def test_code_on_a_page_reads_as_it_is_written(tmp_path):
    record = job("Hà Nội", "ha-noi")
    made = notebook(record)
    made.cells.insert(
        0, new_code_cell('# Parameters\nprovince = "Đắk Lắk"', metadata={"tags": ["injected-parameters"]})
    )
    run(tmp_path, (record, made))
    code = BeautifulSoup((tmp_path / f"site/{record['path']}.html").read_text(), "html.parser").select_one(".code")
    assert 'province = "Đắk Lắk"' in code.get_text()
