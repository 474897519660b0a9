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

from papi_lib import collection, index, places, provenance, published
from papi_lib.page.words import Words

pytestmark = pytest.mark.slow
REPORTS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def test_nbval_finds_the_stored_figures():
    """Every notebook runs as stored, and its check cells give the outputs that are stored."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval-lax",
        "-p",
        "no:cacheprovider",
        "-q",
    ]
    done = subprocess.run(
        [*command, *map(str, sorted((ROOT / "notebooks").glob("*.ipynb")))],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout[-3000:]


def test_nbval_sees_a_wrong_figure(tmp_path):
    notebook = nbformat.read(ROOT / "notebooks" / "05_procedures.ipynb", 4)
    check = next(c for c in notebook.cells if "nbval-check-output" in c.metadata.get("tags", []))
    check.outputs[0].data["text/plain"] = check.outputs[0].data["text/plain"].replace("7.", "8.")
    wrong = tmp_path / "wrong.ipynb"
    nbformat.write(notebook, wrong)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval-lax",
        "-p",
        "no:cacheprovider",
        "-q",
    ]
    done = subprocess.run([*command, str(wrong)], capture_output=True, text=True, cwd=tmp_path, timeout=200)
    assert done.returncode == 1


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


@pytest.mark.parametrize(("province", "year", "lang"), AWKWARD)
def test_every_page_renders_small_and_whole(awkward_run, province, year, lang):
    found = pages(awkward_run, province, year, lang)
    assert list(found) == [n.stem for n in collection.notebooks(ROOT / "notebooks") if "province" in n.levels]
    for stem, page in found.items():
        assert len(page.encode()) < 450_000, stem
        assert f'<html lang="{lang}"' in page
        assert page.count("<h1>") == 1
        assert "Traceback" not in page
        away = set(re.findall(r'(?:src|href)="((?:https?:)?//[^"]*)"', page))
        assert away <= {provenance.link()}, "a page must open offline"
        assert unicodedata.is_normalized("NFC", page)
        assert not re.search(r"\bnan\b|\bNone\b|&lt;NA&gt;", " ".join(text(page).words)), stem
        for svg in re.findall(r"<svg[^>]*>", page):
            assert re.search(r'role="img" aria-label="[^"]{30,}"', svg)


@pytest.mark.parametrize(("province", "year", "lang"), AWKWARD)
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
    page = pages(awkward_run, "Hà Nội", 2017, "vi")["08_egovernance"]
    assert "Trục này chưa có trong PAPI năm 2017: chỉ được đo từ năm 2018." in page
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
    for province, year, lang in AWKWARD:
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
