"""The site: what pages show, how they hang together, what they prove; in files, without a browser."""

import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from site_runs import facts, job, notebook, run, table, write_manifest

from papi_lib import site
from papi_lib.cli import main
from papi_lib.wording import Words

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
    run(tmp_path, *several())
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) == 24 + 4 * 3 + 1  # notebooks; lists of 2 years × 2 languages; the first page
    for path in pages:
        for element in soup(path).select("[href], [src]"):
            address = element.get("href") or element.get("src")
            assert not re.match(r"\w+:|//", address), address
            target = path.parent / unquote(address.partition("#")[0])
            assert target.exists(), f"{path}: {address}"


def test_page_leads_to_other_notebooks_places_years_and_languages(tmp_path):
    run(tmp_path, *several())
    page = soup(tmp_path / "site/2024/vi/hai-phong/01_participation.html")
    links = {a.get_text(strip=True): a["href"] for a in page.find_all("a")}
    assert links["← Hà Nội"] == "../ha-noi/01_participation.html"
    assert links["Đà Nẵng →"] == "../da-nang/01_participation.html"
    assert links["Tổng quan"] == "00_overview.html"
    assert links["English"] == "../../en/hai-phong/01_participation.html"
    assert links["2023"] == "../../../2023/vi/hai-phong/01_participation.html"


def test_pages_do_not_grow_with_the_run(tmp_path):
    record = job("Hà Nội", "ha-noi")
    run(tmp_path, (record, notebook(record)))
    page = tmp_path / "site/2024/vi/ha-noi/00_overview.html"
    alone = page.stat().st_size
    plan = [{"path": record["path"], "labels": record["labels"]}]
    plan += [{"path": p["path"], "labels": p["labels"]} for p in (job(f"Nơi {i}", f"noi-{i}") for i in range(300))]
    executed = (tmp_path / f"notebooks/{record['path']}.ipynb").read_bytes()
    page.write_bytes(site.render_page(executed, record, {"plan": plan}))
    assert page.stat().st_size < alone + 500


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
        ["Hà Nội", "43,77", "2", "3", "1–9", "2"],
        ["Hải Phòng", "không công bố", "–", "–", "–", "–"],
        ["Đà Nẵng", "41,20", "2", "3", "1–9", "2"],
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
        change = {"since": 2023, "points": -0.5, "noise": 0.2 if i else 0.9, "clear": bool(i)}
        made.append((record, notebook(record, told=facts(record, change=change))))
    page = soup(run(tmp_path, *made))
    cells = page.select("tbody tr td:nth-of-type(5)")
    assert cells[0].get_text(strip=True) == "−0,50 (±0,90)"
    assert cells[1].get_text(strip=True) == "▼ −0,50 (±0,20)"
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
    assert [a.get_text() for a in failures.find_all("a")] == ["Hải Phòng: Tổng quan", "Đà Nẵng: Tổng quan"]


def test_search_index_holds_places_dimensions_and_findings(tmp_path):
    run(tmp_path, *several(findings=["Quản trị môi trường: thấp hơn."]))
    text = (tmp_path / "site/assets/search.vi.js").read_text(encoding="utf-8")
    rows = json.loads(re.fullmatch(r"papiSearch\((.*)\);\n", text, flags=re.S)[1])
    wanted = ["2024/vi/ha-noi/01_participation.html", "Hà Nội", "1. Tham gia của người dân", 2024]
    assert [*wanted, ["Quản trị môi trường: thấp hơn."]] in rows
    assert len(rows) == 12


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "{{ 7 * 7 }}", "a\"b'c\n&amp;", "=cmd()|../../x"])
def test_hostile_names_stay_text(tmp_path, name):
    """In titles, labels, parameters, findings, gaps and errors; the page's words are what was given."""
    record, broken = job(name, "x"), job(name, "y", status="failed", error=name)
    told = facts(record, findings=[name], missing=[name], source=name, score=None)
    run(tmp_path, (record, notebook(record, told=told)), (broken, notebook(broken, error=(name, name))))
    for path in (tmp_path / "site").rglob("*.html"):
        page = soup(path)
        assert [s.get("src", "inline").split("/")[-1] for s in page.find_all("script")] == ["papi.js"]
        assert name in page.get_text()
        assert "49" not in page.h1.get_text()
    code = soup(tmp_path / "site/2024/vi/x/00_overview.html").select("footer code")
    assert any(json.loads(c.get_text())["province"] == name for c in code if c.get_text().startswith("{"))
    text = (tmp_path / "site/assets/search.vi.js").read_text(encoding="utf-8")
    assert json.loads(text.removeprefix("papiSearch(").removesuffix(");\n"))[0][1] == name


def test_a_path_that_leads_out_of_the_site_is_refused(tmp_path):
    record = job("Hà Nội", "ha-noi", status="failed", error="x") | {"path": "2024/vi/../../../../escaped"}
    out = tmp_path / "run"
    out.mkdir()
    write_manifest(out, [record])
    with pytest.raises(ValueError, match="leads out of"):
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
    run(tmp_path, (record, notebook(record, told=facts(record, data_hash="e" * 64))))
    assert [p.split(": ", 1)[1][:25] for p in site.verify(tmp_path)] == ["was made from other data "]


def test_compare_lists_changed_values_not_changed_markup(tmp_path):
    def make(out, score, *rows, sentence, extra):
        record, other, gone = (job(*place) for place in PLACES)
        body = f"<h2>Vì sao?</h2><p class='finding'>{sentence}</p>{extra}"
        same = notebook(other, f"<h2>Vì sao?</h2>{extra}{table(('a', '5,0'))}")
        made = [(record, notebook(record, body, table(*rows), told=facts(record, score=score))), (other, same)]
        run(out, *made, (gone, notebook(gone)) if out.name == "old" else (job("Huế", "hue"), notebook(gone)))

    old, new = tmp_path / "old", tmp_path / "new"
    make(old, 41.5, ("a", "1,00"), ("b", "2,00"), sentence="Cao hơn.", extra="<svg><path/></svg>")
    make(new, 41.7, ("a", "1,10"), ("b", "2,00"), sentence="Thấp hơn.", extra="<svg><rect/></svg><hr>")
    page = soup(site.compare(new, old))
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in page.select("tbody tr")]
    assert rows == [
        ["Điểm", "41.5", "41.7"],
        ["Vì sao?", "Cao hơn.", "Thấp hơn."],
        ["Vì sao? › Điểm › a › điểm", "1,00", "1,10"],
    ]
    assert [h.get_text() for h in page.find_all("h2")] == ["Hà Nội, 2024: Tổng quan", "Trang mới", "Trang không còn"]
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


def test_districts_lead_to_districts_of_their_province(tmp_path):
    slugs = ["ha-noi", "ha-noi/quan-ba-dinh", "ha-noi/quan-hoan-kiem", "hai-phong", "hai-phong/quan-le-chan"]
    records = [job(slug, slug, stem) for slug in slugs for stem in ("00_overview", "01_participation")]
    page = run(tmp_path, *((r, notebook(r)) for r in records))
    district = soup(tmp_path / "site/2024/vi/ha-noi/quan-hoan-kiem/00_overview.html")
    ways = {a["rel"][0]: a["href"] for a in district.select(".neighbours a")}
    assert ways == {"prev": "../quan-ba-dinh/00_overview.html"}
    assert [a["href"] for a in district.select(".notebooks li a")] == ["01_participation.html"]
    assert [a.get_text() for a in soup(page).select("tbody th a")] == slugs
