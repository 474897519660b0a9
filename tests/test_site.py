"""The site: what pages show, how they hang together, what they prove; in files, without a browser."""

import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from site_runs import district_facts, facts, job, methods, notebook, run, table, write_manifest

from papi_lib import site
from papi_lib.cli import main
from papi_lib.page.words import Words
from papi_lib.site.pages import address

PLACES = [("Hà Nội", "ha-noi"), ("Hải Phòng", "hai-phong"), ("Đà Nẵng", "da-nang")]


def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


def several(**more):
    records = [
        job(name, slug, stem, year=year, lang=lang)
        for year in (2023, 2024)
        for lang in ("vi", "en")
        for name, slug in PLACES
        for stem in ("00_overview", "01_participation")
    ]
    return [(r, notebook(r, "<h2>Vì sao?</h2>", told=facts(r, **more))) for r in records]


@pytest.fixture
def page(tmp_path):
    record = job("Hà Nội", "ha-noi")
    made = notebook(record, "<h2>Vì sao?</h2><p class='finding'>Câu trả lời.</p>", "<h2>Ai?</h2>", table(("a", "1,0")))
    run(tmp_path, (record, made))
    return soup(tmp_path / "site/2024/vi/ha-noi/00_overview.html")


def test_page_shows_what_is_for_the_reader_and_nothing_else(page):
    text = page.get_text()
    assert "Câu trả lời." in text
    for noise in ("ANALYST ONLY", "PRINTED", "WARNED", "PLAIN REPR"):
        assert noise not in text
    assert "loud()" in page.select_one("details.code").get_text()
    page.select_one("details.code").decompose()
    assert "loud()" not in page.get_text()


def test_page_is_built_for_assistive_technology(page):
    assert page.html["lang"] == "vi"
    assert [h.get_text() for h in page.find_all("h1")] == ["Tổng quan: Hà Nội"]
    assert page.select_one("a.skip")["href"] == f"#{page.main['id']}"
    assert page.select_one("nav li [href='#q1']").get_text() == page.select_one("h2#q1").get_text() == "Vì sao?"
    assert all(nav.get("aria-label") for nav in page.find_all("nav"))


def test_drawings_share_their_styles_and_keep_the_ids_they_need(tmp_path):
    record, line = job("Hà Nội", "ha-noi"), '<path style="fill: none; stroke: #000000" d="M 0 0"/>'
    words = '<text>a style="fill: red" id="b" &lt;x style="y"&gt;</text>'
    svg = f'<svg role="img" style="width:100%"><g id="axes_1"><clipPath id="p1"></clipPath>{line * 50}{words}</g>'
    run(
        tmp_path,
        (record, notebook(record, f'{svg}<g clip-path="url(#p1)"></g></svg><p style="color:red" id="k">…</p>')),
    )
    page = soup(tmp_path / f"site/{record['path']}.html")
    (name,) = {path["class"][0] for path in page.svg.find_all("path")}
    assert page.head.style.get_text() == f".{name}{{fill: none; stroke: #000000}}"
    assert page.svg["style"] == "width:100%"
    assert page.svg.find_all(id=True) == [page.svg.find("clippath")]
    assert page.svg.find("text").get_text() == 'a style="fill: red" id="b" <x style="y">'
    assert page.select_one("p#k[style]")


def test_page_says_where_it_comes_from(page):
    footer = page.footer.get_text(" ")
    for wanted in ("CECODES", "2021–2024", "2024.1", "d" * 12, "0.1.0", '"province": "Hà Nội"', "12:00, 24/11/2024"):
        assert wanted in footer


def test_every_link_leads_to_a_file_of_the_run_and_none_off_it(tmp_path):
    run(tmp_path, *several(), *(methods(lang, name) for lang in ("vi", "en") for name in ("methods", "glossary")))
    pages = list((tmp_path / "site").rglob("*.html"))
    # notebooks; lists, provinces with summaries, comparison, years × languages; first page, methods, words
    assert len(pages) == 24 + 4 * (3 + 3 + 3 + 1) + 5
    for path in pages:
        for element in soup(path).select("[href], [src]"):
            address = element.get("href") or element.get("src")
            if address == "https://papi.org.vn":
                continue
            assert not re.match(r"\w+:|//", address), address
            target = path.parent / unquote(address.partition("#")[0])
            assert target.exists(), f"{path}: {address}"


def test_methods_page_is_text_and_tables_with_an_address_for_each_section(tmp_path):
    run(tmp_path, *several(), methods())
    page = soup(tmp_path / "site/methods-vi.html")
    assert page.html["lang"] == "vi"
    assert [h.get_text() for h in page.find_all("h1")] == ["Phương pháp"]
    assert [h.get_text() for h in page.find_all("h2")] == ["Tập tin cậy của thứ hạng", "What stands out?"]
    assert [h["id"] for h in page.find_all("h2")] == ["confidence-sets-for-ranks", "what-stands-out"]
    assert [a["href"] for a in page.select("nav li a")] == ["#confidence-sets-for-ranks", "#what-stands-out"]
    assert str(page.select_one("table.figures tr")) == "<tr><td></td><th>se</th></tr>"
    assert "HIDDEN" not in page.get_text()
    assert site.verify(tmp_path) == []


def test_questions_lead_to_their_section_of_the_methods(tmp_path):
    record = job("Hà Nội", "ha-noi")
    run(
        tmp_path,
        (record, notebook(record, '<h2 data-method="what-stands-out">Vì sao?</h2>', "<h2>Ai?</h2>")),
        methods(),
    )
    page = soup(tmp_path / f"site/{record['path']}.html")
    assert [a["href"] for a in page.select("h2#q1 + a")] == ["../../../methods-vi.html#what-stands-out"]
    assert not page.select("h2#q2 + a")


def test_sections_that_the_library_names_are_in_the_methods():
    root = Path(site.__file__).parents[2]
    text = (root / "notebooks/methods.ipynb").read_text(encoding="utf-8")
    there = {address(heading) for heading in re.findall(r'"## (.*?)(?:\\n)?"', text)}
    library = "".join(path.read_text(encoding="utf-8") for path in (root / "papi_lib").rglob("*.py"))
    library += "".join(
        path.read_text(encoding="utf-8").replace('\\"', '"') for path in (root / "notebooks").glob("*.ipynb")
    )
    named = set(re.findall(r'\.ask\("[^"]+", "([a-z-]+)"', library))
    assert len(named) > 5
    assert named | {"confidence-sets-for-ranks"} <= there


def test_navigation_knows_which_pages_there_are(tmp_path):
    ha_noi, district = job("Hà Nội", "ha-noi"), job("Quận Ba Đình", "ha-noi/quan-ba-dinh", "01_participation")
    english = job("Ha Noi", "ha-noi", lang="en")
    run(tmp_path, *((r, notebook(r)) for r in (district, ha_noi, english)))
    text = (tmp_path / "site/assets/nav.js").read_text(encoding="utf-8")
    assert json.loads(re.fullmatch(r"papiNav\((.*)\);\n", text)[1]) == {
        "notebooks": [["00_overview", {"en": "Overview", "vi": "Tổng quan"}], ["01_participation", {"vi": "1. Tham gia của người dân"}]],
        "places": [["ha-noi", {"en": "Ha Noi", "vi": "Hà Nội"}], ["ha-noi/quan-ba-dinh", {"vi": "Quận Ba Đình"}]],
        "pages": {"2024/en": ["1", "0"], "2024/vi": ["1", "2"]},
    }  # fmt: skip


def test_pages_stay_as_they_are_when_the_run_grows(tmp_path):
    made = several()
    run(tmp_path / "small", made[0])
    run(tmp_path / "large", *made)
    path = f"site/{made[0][0]['path']}.html"
    assert (tmp_path / "small" / path).read_bytes() == (tmp_path / "large" / path).read_bytes()


def test_page_leads_to_its_lists_without_a_script(page):
    links = {a.get_text(strip=True): a["href"] for a in page.select("nav a:not([href^='#'])")}
    assert links == {
        "Tóm tắt cho lãnh đạo, hai trang để in": "brief.html",
        "PAPI": "../../../index.html",
        "2024": "../index.html",
        "Hà Nội": "index.html",
        "Hà Nội: tất cả các trang, kể cả quận, huyện, xã, phường": "index.html",
        "So sánh tất cả địa phương": "../00_overview.html",
        "So sánh với các địa phương tự chọn": "../compare.html#ha-noi",
    }


def test_first_page_tells_where_each_place_stands(tmp_path):
    made = []
    for (name, slug), score in zip(PLACES, (43.774, None, 41.2), strict=True):
        for stem in ("00_overview", "01_participation"):
            record = job(name, slug, stem)
            more = {} if score else {"group": None, "rank": None, "missing": ["PAPI không công bố điểm của Hải Phòng."]}
            made.append((record, notebook(record, told=facts(record, score=score, **more))))
    page = soup(run(tmp_path, *made))
    rows = [[cell.get_text(strip=True) for cell in row.find_all(["th", "td"])] for row in page.select("tbody tr")]
    assert rows == [
        ["Đà Nẵng", "41,20", "2", "3", "1–9", "3"],
        ["Hà Nội", "43,77", "2", "3", "1–9", "3"],
        ["Hải Phòng", "không công bố", "–", "–", "–", "–"],
    ]
    assert "PAPI không công bố điểm của Hải Phòng." in page.get_text()


def test_first_page_leads_to_notebooks_that_are_about_no_dimension(tmp_path):
    """They have the total's group, which is said once."""
    whole, more = job("Hà Nội", "ha-noi"), job("Hà Nội", "ha-noi", "09_targets")
    page = soup(run(tmp_path, (whole, notebook(whole)), (more, notebook(more, told=facts(more, dimension=None)))))
    (cell,) = page.select("tbody td.cell a")
    assert (cell.get_text(), cell["aria-label"]) == ("→", "Mục tiêu, Hà Nội")
    assert cell["href"] == "2024/vi/ha-noi/09_targets.html"


def test_first_page_shows_changes_against_their_noise_and_the_map(tmp_path):
    made = []
    for i in range(21):
        tile = {"row": i, "column": i % 8, "islands": "Quần đảo Hoàng Sa" if i == 4 else None}
        record = job(f"Nơi {i}", f"noi-{i}", labels={"tile": tile})
        change = {"since": 2023, "points": -0.5, "noise": 0.2 if i else 0.9}
        made.append((record, notebook(record, told=facts(record, change=change))))
    page = soup(run(tmp_path, *made))
    cells = page.select("tbody tr td:nth-of-type(5)")
    assert cells[0].get_text(strip=True) == "−0,50 (±0,90)"
    assert cells[1].get_text(strip=True) == "−0,50 (±0,20)"
    assert len(page.select("ul.tiles a")) == 21
    assert "Quần đảo Hoàng Sa" in page.select_one("ul.tiles").get_text()


def test_failed_notebook_has_a_page_that_says_which_part_failed(tmp_path):
    whole, broken, lost = (job(name, slug) for name, slug in PLACES)
    broken |= {"status": "failed", "error": "ValueError: <no> data"}
    lost |= {"status": "failed", "error": "RuntimeError: the process ended", "started": None}
    cut = notebook(broken, "<h2>Vì sao &amp; sao?</h2>", error=("ValueError", "<no> data"))
    first = soup(run(tmp_path, (whole, notebook(whole)), (broken, cut), (lost, None)))
    page = soup(tmp_path / "site/2024/vi/hai-phong/00_overview.html")
    told = page.select_one("main .failure").get_text(" ")
    assert "“Vì sao & sao?”" in told
    assert "ValueError: <no> data" in told
    assert "Tổng quan: Đà Nẵng" in soup(tmp_path / "site/2024/vi/da-nang/00_overview.html").h1.get_text()
    failures = first.select_one("section.failure")
    assert [a.get_text() for a in failures.find_all("a")] == ["Đà Nẵng: Tổng quan", "Hải Phòng: Tổng quan"]


def found(site) -> dict:
    text = (site / "assets/search.vi.js").read_text(encoding="utf-8")
    return json.loads(re.fullmatch(r"papiSearch\((.*)\);\n", text, flags=re.S)[1])


def test_search_index_holds_places_dimensions_and_findings(tmp_path):
    made = several(findings=["Quản trị môi trường: thấp hơn."])
    made[0][0]["labels"]["aliases"] = ["Sài Gòn"]
    run(tmp_path, *made, methods())
    index = found(tmp_path / "site")
    assert index["texts"] == [["methods-vi", "Phương pháp"]]
    assert index["notebooks"] == [["00_overview", "Tổng quan"], ["01_participation", "1. Tham gia của người dân"]]
    assert ["ha-noi", "Hà Nội", "Sài Gòn", 0] in index["places"]
    assert index["pages"] == [[2024, ["3"] * 3], [2023, ["3"] * 3]]
    assert len(index["findings"]) == 6  # of the latest year alone, so that the index stays small


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{ 7 * 7 }}", "a\"b'c\n&amp;", "=cmd()|../../x"])
def test_hostile_names_stay_text(tmp_path, name):
    """In titles, labels, parameters, findings, gaps and errors; the page's words are what was given."""
    record, broken = job(name, "x"), job(name, "y", status="failed", error=name)
    told = facts(record, findings=[name], missing=[name], source=name, score=None)
    run(tmp_path, (record, notebook(record, told=told)), (broken, notebook(broken, error=(name, name))))
    for path in (tmp_path / "site").rglob("*.html"):
        page = soup(path)
        scripts = {"papi.js", "nav.js", "compare.js", "compare.2024.vi.js"}
        assert {s.get("src", "inline").split("/")[-1] for s in page.find_all("script")} <= scripts
        assert name in page.get_text() or path.name == "compare.html"
        assert "49" not in page.h1.get_text()
    code = soup(tmp_path / "site/2024/vi/x/00_overview.html").select("footer code")
    assert any(json.loads(c.get_text())["province"] == name for c in code if c.get_text().startswith("{"))
    assert found(tmp_path / "site")["places"][0][1] == name


def test_a_path_that_leads_out_of_the_site_is_refused(tmp_path):
    record = job("Hà Nội", "ha-noi", status="failed", error="x") | {"path": "2024/vi/../../../../escaped"}
    out = tmp_path / "run"
    out.mkdir()
    write_manifest(out, [record])
    with pytest.raises(ValueError, match=r"manifest.json: damaged \(1. job, .*path must be path below"):
        site.build(out)
    assert not list(tmp_path.rglob("escaped*"))


def test_verify_tells_pages_that_do_not_belong_to_their_notebook(tmp_path):
    run(tmp_path, *several())
    assert site.verify(tmp_path) == []
    pages, notebooks = tmp_path / "site/2024/vi", tmp_path / "notebooks/2024/vi"
    altered = pages / "ha-noi/00_overview.html"
    altered.write_text(altered.read_text().replace("Vì sao?", "Vì đâu?"))
    swapped = pages / "ha-noi/01_participation.html"
    swapped.write_bytes((pages / "da-nang/01_participation.html").read_bytes())
    rerun = notebooks / "hai-phong/00_overview.ipynb"
    rerun.write_text(rerun.read_text() + "\n")
    (pages / "da-nang/00_overview.html").unlink()
    stray = pages / "stray.html"
    stray.write_bytes((pages / "da-nang/01_participation.html").read_bytes())
    assert site.verify(tmp_path) == [
        f"{altered}: was altered after the run",
        f"{swapped}: was not made from {notebooks / 'ha-noi/01_participation.ipynb'}",
        f"{swapped}: was altered after the run",
        f"{pages / 'hai-phong/00_overview.html'}: was not made from {rerun}",
        f"{rerun}: was altered after the run",
        f"{pages / 'da-nang/00_overview.html'}: is missing",
        f"{stray}: belongs to no notebook of the run",
    ]


def test_command_verifies_and_compares(tmp_path):
    record, out = job("Hà Nội", "ha-noi"), tmp_path / "new"
    run(out, (record, notebook(record, table(("a", "2,0")))))
    run(tmp_path / "old", (job("Hà Nội", "ha-noi"), notebook(record, table(("a", "1,0")))))
    papi = CliRunner().invoke
    assert papi(main, ["site", str(out), "--verify"]).exit_code == 0
    told = papi(main, ["site", str(out), "--against", str(tmp_path / "old")])
    assert f"Changed figures: {out / 'site/changes.vi.html'}" in told.output
    page = out / f"site/{record['path']}.html"
    page.write_text(page.read_text() + " ")
    told = papi(main, ["site", str(out), "--verify"])
    assert told.exit_code == 1
    assert f"{page}: was altered after the run" in told.output
    told = papi(main, ["site", str(out), "--against", str(tmp_path)])
    assert told.exit_code == 2
    assert f"{tmp_path}: no manifest.json" in told.output


def test_verify_tells_pages_made_from_other_data(tmp_path):
    record = job("Hà Nội", "ha-noi")
    run(tmp_path, (record, notebook(record)))
    found = json.loads((tmp_path / "manifest.json").read_text())
    found["tables"] = {"plans/plans.csv": "of now", "structure/years.csv": "of now"}
    found["jobs"][0]["hashes"] |= {"structure/years.csv": "of now", "plans/plans.csv": "of then"}
    (tmp_path / "manifest.json").write_text(json.dumps(found))
    (told,) = site.verify(tmp_path)
    assert "was made from another plans/plans.csv than the run's last pages" in told


def test_compare_lists_changed_values_not_changed_markup(tmp_path):
    def make(out, score, *rows, sentence, extra):
        record, other, gone = (job(*place) for place in PLACES)
        body = f"<h2>Vì sao?</h2><p class='finding'>{sentence}</p>{extra}"
        same = notebook(other, f"<h2>Vì sao?</h2>{extra}{table(('a', '5,0'))}")
        made = [
            (
                record,
                notebook(
                    record, body, table(*rows), told=facts(record, score=score, parts=[["Tổng điểm", score, 3, 2]])
                ),
            ),
            (other, same),
        ]
        run(out, *made, (gone, notebook(gone)) if out.name == "old" else (job("Huế", "hue"), notebook(gone)))

    old, new = tmp_path / "old", tmp_path / "new"
    make(old, 41.5, ("a", "1,00"), ("b", "2,00"), sentence="Cao hơn.", extra="<svg><path/></svg>")
    make(new, 41.7, ("a", "1,10"), ("b", "2,00"), sentence="Thấp hơn.", extra="<svg><rect/></svg><hr>")
    page = soup(site.compare(new, old))
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in page.select("tbody tr")]
    assert rows == [
        ["Hà Nội", "2024", "Tổng điểm", "41,50 (3)", "41,70 (3)"],
        ["Điểm", "41.5", "41.7"],
        ["Vì sao?", "Cao hơn.", "Thấp hơn."],
        ["Vì sao? › Điểm › a › điểm", "1,00", "1,10"],
    ]
    assert [h.get_text() for h in page.find_all("h2")] == [
        "Những gì đã thay đổi trong số liệu",
        "Hà Nội, 2024: Tổng quan",
        "Trang mới",
        "Trang không còn",
    ]
    assert soup(new / "site/index.html").select_one("footer a[href='changes.vi.html']")
    assert site.verify(new) == []
    assert page.select_one("h2 a")["href"].split("#")[0] == "2024/vi/ha-noi/00_overview.html"


def other_language(lang: str) -> set[str]:
    """Return the catalogue's sentences that a page in a language must not show."""
    pairs = {pair for pair in Words("vi")._catalogue._catalog.items() if pair[0]}
    english, vietnamese = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    return english - vietnamese if lang == "vi" else vietnamese - english


def shown(path: Path) -> set[str]:
    """Return every piece of text on a page, also those for screen readers and on pictures, without the code."""
    text = re.sub(r'<details class="code">.*?</details>', "", path.read_text(encoding="utf-8"), flags=re.S)
    found = re.findall(r">([^<>]+)<", text) + re.findall(r'(?:aria-label|title|alt|data-\w+)="([^"]*)"', text)
    return {unescape(piece).strip() for piece in found}


@pytest.mark.parametrize("lang", ["vi", "en"])
def test_no_words_of_the_other_language_on_the_frame(tmp_path, lang):
    run(tmp_path, *several(missing=[], score=None), (job("Huế", "hue", status="failed", error="x"), None))
    for name in ("index", "ha-noi/00_overview"):
        assert not shown(tmp_path / f"site/2024/{lang}/{name}.html") & other_language(lang)


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_no_words_of_the_other_language_on_real_pages(awkward_run, lang):
    pages = list((awkward_run / "site").glob(f"*/{lang}/**/*.html"))
    assert len(pages) > 30
    mixed = {str(p): words for p in pages if (words := shown(p) & other_language(lang))}
    assert mixed == {}
    of_districts = [p for p in pages if len(p.relative_to(awkward_run / "site").parts) == 5]
    assert len(of_districts) == 11
    assert {p.read_text(encoding="utf-8").count('<p class="simulated">') for p in of_districts} == {1}


DISTRICTS = [("Quận Ba Đình", "ha-noi/quan-ba-dinh"), ("Quận Đống Đa", "ha-noi/quan-dong-da")]


@pytest.fixture
def with_districts(tmp_path):
    """Hà Nội, two of its districts, one of them hidden, and a district of Hải Phòng."""
    made = []
    for name, slug in [("Hà Nội", "ha-noi"), *DISTRICTS, ("Quận Lê Chân", "hai-phong/quan-le-chan")]:
        for stem in ("00_overview", "01_participation"):
            record = job(name, slug, stem)
            hidden = {"score": None, "noise": None, "rank_lower": None, "rank_upper": None, "missing": ["Được ẩn."]}
            more = hidden if "dong-da" in slug else {"findings": ["Cao hơn."]}
            made.append(
                (record, notebook(record, told=district_facts(record, **more) if "/" in slug else facts(record)))
            )
    run(tmp_path, *made)
    return tmp_path / "site"


def cells(table) -> list[list[str]]:
    return [[cell.get_text(strip=True) for cell in row.find_all(["th", "td"])] for row in table.select("tbody tr")]


def test_first_page_shows_published_figures_and_only_leads_to_simulated_ones(with_districts):
    page = soup(with_districts / "index.html")
    (provinces,) = page.select("table")
    assert [row[0] for row in cells(provinces)] == ["Hà Nội"]
    (way,) = page.find_all("a", string=re.compile("Các địa phương của Hà Nội"))
    assert way["href"] == "2024/vi/ha-noi/index.html#districts"
    assert "(dữ liệu mô phỏng)" in way.get_text()


def test_lists_keep_districts_apart_under_their_province(with_districts):
    page = soup(with_districts / "2024/vi/01_participation.html")
    provinces, ha_noi, hai_phong = page.select("table")
    assert page.select_one("p.lead").get_text() == "Người dân được phục vụ ra sao."
    assert [row[0] for row in cells(provinces)] == ["Hà Nội"]
    assert cells(ha_noi) == [
        ["Quận Ba Đình", "142", "43,67 (±0,99)", "2–28 trên 30"],
        ["Quận Đống Đa", "142", "được ẩn", "–"],
    ]
    assert [row[0] for row in cells(hai_phong)] == ["Quận Lê Chân"]
    assert [h.get_text() for h in page.select("h2[id]")] == [
        "Các địa phương của Hà Nội",
        "Các địa phương của Hải Phòng",
    ]
    assert len(page.select("p.simulated")) == 2


def test_province_page_lists_its_pages_and_districts(with_districts):
    page = soup(with_districts / "2024/vi/ha-noi/index.html")
    pages, districts = page.select("table")
    assert cells(pages) == [
        ["Tổng quan", "41,50", "2", "3", "1–9"],
        ["1. Tham gia của người dân", "41,50", "2", "3", "1–9"],
    ]
    assert [row[0] for row in cells(districts)] == ["Quận Ba Đình", "Quận Đống Đa"]
    assert districts.select_one("tr#quan-ba-dinh a")["href"] == "quan-ba-dinh/00_overview.html"
    assert len(page.select("p.simulated")) == 1
    alone = soup(with_districts / "2024/vi/hai-phong/index.html")  # its province was not asked for
    assert [row[0] for row in cells(alone.table)] == ["Quận Lê Chân"]


def test_district_page_shows_its_way_from_home(with_districts):
    page = soup(with_districts / "2024/vi/ha-noi/quan-ba-dinh/01_participation.html")
    ways = [(a.get_text(), a["href"]) for a in page.select(".crumbs a")]
    assert ways == [
        ("PAPI", "../../../../index.html"),
        ("2024", "../../index.html"),
        ("Hà Nội", "../index.html"),
        ("Quận Ba Đình", "../index.html#quan-ba-dinh"),
    ]
    assert page.select_one(".crumbs [aria-current]").get_text() == "1. Tham gia của người dân"


def test_search_names_a_districts_province_and_says_what_is_simulated(with_districts):
    index = found(with_districts)
    assert ["ha-noi/quan-ba-dinh", "Quận Ba Đình, Hà Nội", "", 1] in index["places"]
    assert index["findings"] == []  # none of made-up answers
