"""The real notebooks: their checked figures, and their pages for awkward cases."""

import json
import re
import subprocess
import sys
import unicodedata
from html.parser import HTMLParser

import nbformat
import pytest
from conftest import AWKWARD, ROOT
from nbformat.v4 import new_code_cell

from papi_lib import collection, datafiles, index, places, published
from papi_lib.page.words import Words

pytestmark = pytest.mark.slow
REPORTS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def checked(path):
    """Return what the cells with a figure to check show, by source; a process's own numbers of objects left out."""
    cells = [c for c in nbformat.read(path, 4).cells if "nbval-check-output" in c.metadata.get("tags", [])]
    shown = {c.source: [[o.get("text"), o.get("data")] for o in c.outputs] for c in cells}
    return {source: json.loads(re.sub(r"0x[0-9a-f]+", "", json.dumps(outputs))) for source, outputs in shown.items()}


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_notebook_runs_and_finds_the_stored_figures(awkward_run, path):
    executed = awkward_run / "others" / "notebooks" / path.name
    if path.stem in collection.TEXTS:
        executed = awkward_run / "notebooks" / f"{path.stem}-vi.ipynb"
    elif path in REPORTS:
        executed = next((awkward_run / "notebooks/2024/vi/ha-noi").rglob(path.name))
    assert checked(executed) == checked(path)
    assert checked(path) or path not in REPORTS


def test_nbval_finds_a_right_figure_and_sees_a_wrong_one(tmp_path):
    """As anybody may check notebooks; the cell to check of one, after what it needs."""
    stored = nbformat.read(ROOT / "notebooks" / "05_procedures.ipynb", 4)
    check = next(c for c in stored.cells if "nbval-check-output" in c.metadata.get("tags", []))
    stored.cells = [new_code_cell("from papi_lib import published"), check]
    nbformat.write(stored, tmp_path / "right.ipynb")
    check.outputs[0].data["text/plain"] = check.outputs[0].data["text/plain"].replace("7.", "8.")
    nbformat.write(stored, tmp_path / "wrong.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-p", "no:cacheprovider", "-q", "--color=no"]
    done = subprocess.run([*command, "right.ipynb", "wrong.ipynb"], capture_output=True, text=True, cwd=tmp_path, timeout=2000)  # fmt: skip
    assert re.findall(r"^FAILED (\w+)", done.stdout, re.M) == ["wrong"], done.stdout[-3000:]
    assert "1 failed, 3 passed" in done.stdout


def pages(run, province, year, lang):
    folder = run / "site" / str(year) / lang / places.province(province).slug
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("[0-9][0-9]_*.html"))}


class Text(HTMLParser):
    """The text of a page without code, style and script; headings apart."""

    def __init__(self):
        super().__init__()
        self.skip, self.words, self.headings, self.open = 0, [], [], []

    def handle_starttag(self, tag, attrs):
        classes = dict(attrs).get("class") or ""
        self.open.append(tag)
        if tag in {"style", "script", "code", "pre"} or classes in {"code", "languages"}:
            self.skip += 1
            self.open[-1] = "skip"

    def handle_endtag(self, tag):
        if self.open and self.open.pop() == "skip":
            self.skip -= 1

    def handle_data(self, data):
        if not self.skip and data.strip():
            self.words.append(data.strip())
            if {"h1", "h2"} & set(self.open[-1:]):
                self.headings.append(data.strip())


def text(page):
    parser = Text()
    parser.feed(re.sub(r"<(meta|link|br|input|path|use|rect|line)\b[^>]*?/?>", "", page))
    return parser


@pytest.mark.parametrize(("province", "year", "lang", "dimensions"), AWKWARD)
def test_every_page_renders_small_and_whole(awkward_run, province, year, lang, dimensions):
    found = pages(awkward_run, province, year, lang)
    stems = [n.stem for n in collection.notebooks(ROOT / "notebooks") if "province" in n.levels]
    assert list(found) == [stem for stem in stems if stem[0] == "1" or stem[1] in f"0{dimensions}"]
    for stem, page in found.items():
        assert len(page.encode()) < 450_000, stem
        assert f'<html lang="{lang}"' in page
        assert page.count("<h1>") == 1
        assert "Traceback" not in page
        away = set(re.findall(r'(?:src|href)="((?:https?:)?//[^"]*)"', page))
        assert away <= {datafiles.package()["sources"][0]["path"]}, "a page must open offline"
        assert unicodedata.is_normalized("NFC", page)
        assert not re.search(r"\bnan\b|\bNone\b|&lt;NA&gt;", " ".join(text(page).words)), stem
        for svg in re.findall(r"<svg[^>]*>", page):
            assert re.search(r'role="img" aria-label="[^"]{30,}"', svg)


@pytest.mark.parametrize(("province", "year", "lang"), [case[:3] for case in AWKWARD])
def test_pages_are_in_one_language(awkward_run, province, year, lang):
    """No sentence of the other language's catalogue stands on a page."""
    other = Words("en" if lang == "vi" else "vi")
    own = Words(lang)
    both = {m: (own(m), other(m)) for m in ("Where does {place} stand?", "How was this made?", "Source", "Show the data", "mean of provinces", "What stands out?", "rank (1 = highest)", "Code version")}  # fmt: skip
    for stem, page in pages(awkward_run, province, year, lang).items():
        words = " ".join(text(page).words)
        for mine, theirs in both.values():
            if "{" not in theirs and mine != theirs:
                assert not re.search(rf"(?<!\w){re.escape(theirs)}(?!\w)", words), (stem, theirs)


def test_a_missing_dimension_says_since_when_it_is_measured(awkward_run):
    page = pages(awkward_run, "Hà Nội", 2011, "vi")["08_egovernance"]
    assert "Trục này chưa có trong PAPI năm 2011: chỉ được đo từ năm 2018." in page
    assert "<svg" not in page


def test_a_missing_province_says_so_and_shows_its_last_year(awkward_run):
    page = pages(awkward_run, "Vĩnh Phúc", 2024, "vi")["01_participation"]
    assert "PAPI không công bố điểm trục này của Vĩnh Phúc năm 2024" in page
    assert "Lần gần nhất PAPI công bố là năm 2023: khi đó Vĩnh Phúc đạt" in page
    assert "<svg" not in page


def test_a_partial_total_is_not_a_total(awkward_run):
    page = pages(awkward_run, "Bắc Ninh", 2022, "en")["00_overview"]
    assert "a sum over fewer dimensions is not a total" in page
    assert "in our ordering" not in page


def test_a_first_year_of_an_edition_says_so(awkward_run):
    for page in pages(awkward_run, "Hà Nội", 2021, "en").values():
        assert "2021 is the first year of an edition" in page


def test_the_page_has_the_figures_of_the_data(awkward_run):
    w = Words("vi")
    page = pages(awkward_run, "Kiên Giang", 2024, "vi")["00_overview"]
    row = published.totals(2024).loc[91]
    words = " ".join(text(page).words)
    assert f"Kiên Giang đạt {w.number(row['total'])} điểm" in words
    assert f"đứng thứ {int(row['rank'])}/61 theo cách sắp xếp" in words
    for dimension, score in published.dimension_scores(2024).loc[91].items():
        assert f"{index.name(dimension, 'vi')} {w.number(score)}" in words


def test_every_rank_carries_those_that_are_probable(awkward_run):
    for province, year, lang, _ in AWKWARD:
        for stem, page in pages(awkward_run, province, year, lang).items():
            for sentence in re.findall(r'<p class="finding">([^<]*)</p>', page):
                if re.search(r"\bplace \d+ of|thứ \d+/", sentence):
                    assert re.search(r"places \d+ and \d+|probably \d+ to \d+|từ \d+ đến \d+", sentence), (
                        stem,
                        sentence,
                    )


def test_facts_for_the_site(awkward_run):
    jobs = {j["path"]: j for j in json.loads((awkward_run / "manifest.json").read_text())["jobs"]}
    facts = jobs["2024/vi/kien-giang/00_overview"]["facts"]
    assert (facts["rank"], facts["group"], facts["edition"]) == (61, 4, "2021–2024")
    assert len(facts["groups"]) == 61
    assert facts["findings"]
    assert jobs["2024/vi/vinh-phuc/00_overview"]["facts"]["score"] is None
