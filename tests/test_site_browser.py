"""The site in real headless Chromium: as phones, screens, screen readers, keyboards and paper get it."""

import re
from pathlib import Path

import nbformat
import pytest
from site_runs import district_facts, facts, job, notebook, run, table

from papi_lib import places, site
from papi_lib.site.booklet import browser

pytestmark = pytest.mark.slow
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
QUIET += ["--disable-background-networking", "--disable-component-update"]
HOSTILE = '<script>document.title="owned"</script>'
STEMS = ("00_overview", "01_participation")
DISTRICTS = [("Quận Ba Đình", "quan-ba-dinh"), ("Quận Đống Đa", "quan-dong-da"), ("Quận Tây Hồ", "quan-tay-ho")]
#: Pages of the real notebooks to look at: see the awkward cases of conftest.
REAL = {
    "province-vi": "2024/vi/kien-giang/00_overview",
    "province-en": "2021/en/ha-noi/04_corruption_control",
    "missing": "2024/vi/vinh-phuc/01_participation",
    "partly-missing": "2022/en/bac-ninh/00_overview",
    "not-measured": "2011/vi/ha-noi/08_egovernance",
    "home-real": "index",
    "methods-vi": "methods-vi",
    "glossary-vi": "glossary-vi",
    "province-list": "2024/vi/ha-noi/index",
    "district-vi": "2024/vi/ha-noi/quan-ba-dinh/01_participation",
    "district-en": "2024/en/ha-noi/huyen-soc-son/20_district_plan",
}
MADE = {"home": "index", "dimension": "2024/vi/01_participation"}
MADE |= {
    "province": "2024/en/ha-noi/index",
    "failed": "2024/vi/ha-noi/01_participation",
    "changes": "changes.vi",
    "compare": "2024/vi/compare",
}


@pytest.fixture(scope="module")
def chromium():
    try:
        program = browser()
    except ValueError as error:
        pytest.skip(str(error))
    with playwright.sync_playwright() as driver:
        instance = driver.chromium.launch(executable_path=program, args=QUIET)
        yield instance
        instance.close()


@pytest.fixture(scope="module")
def whole_country(tmp_path_factory):
    """All 63 provinces and some districts, made up, in both languages; one fails, one is missing, one has a hostile name."""
    folder, made = tmp_path_factory.mktemp("country"), []
    for lang in ("vi", "en"):
        tiles = places.tiles(lang)
        for code in tiles.index:
            place, tile = places.province(int(code)), tiles.loc[code]
            name = HOSTILE if place.slug == "ca-mau" else place.name(lang)
            islands = tile.islands if isinstance(tile.islands, str) else None
            for stem in STEMS:
                grid = {"row": int(tile.row), "column": int(tile.column), "islands": islands}
                labels = {"code": place.code, "tile": grid, "aliases": places.aliases(place)}
                record = job(name, place.slug, stem, lang=lang, labels=labels)
                published = place.slug != "vinh-phuc"
                more = {"score": 37 + code / 10, "group": 1 + code % 4, "rank": int(code)} if published else {}
                more = more or {"score": None, "group": None, "rank": None, "missing": [f"Không có điểm của {name}."]}
                change = {"since": 2023, "points": 0.4, "noise": 0.3, "clear": True} if published else None
                finding = "Chất lượng không khí: thấp hơn trung bình." if place.slug == "ha-nam" else name
                told = facts(record, change=change, findings=[finding], **more)
                if place.slug == "ha-noi" and stem == "01_participation":
                    record |= {"status": "failed", "error": "ValueError: no data"}
                error = ("ValueError", "no data") if record["status"] == "failed" else None
                body = f"<h2>Vì sao?</h2><p class='finding'>…</p>{table(('a', '1,0'))}"
                made.append((record, notebook(record, body, "<h2>Ai?</h2>", told=told, error=error)))
        for name, slug in DISTRICTS:
            for stem in STEMS:
                record = job(name, f"ha-noi/{slug}", stem, lang=lang)
                made.append((record, notebook(record, told=district_facts(record, findings=["…"]))))
    run(folder / "new", *made)
    older = [(job("Hà Nội", "ha-noi"), notebook(job("Hà Nội", "ha-noi"), table(("a", "2,0"))))]
    run(folder / "old", *older)
    site.compare(folder / "new", folder / "old")
    return folder / "new" / "site"


def look(chromium, path: Path, width=1280, **context):
    """Open a page from its folder; return it with what it said on the console and what it asked for."""
    view = chromium.new_context(viewport={"width": width, "height": 800}, **context)
    page, said, asked = view.new_page(), [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    return page, said, asked


def faults(page) -> list:
    """Return what axe finds wrong on a page."""
    options = {"runOnly": RULES, "preload": False, "resultTypes": ["violations"]}
    found = axe.Axe().run(page, options=options).response["violations"]
    return [(v["id"], [n["html"] for n in v["nodes"]]) for v in found]


def check(chromium, path: Path, dark: int, *, both: bool) -> None:
    """Look at a page on a phone and on a screen, one of them dark; what its own policy refuses is on the console.

    What is wrong for some readers is looked for where it is dark, or `both` times.
    """
    page, said, asked = look(chromium, path, 360)
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="dark" if dark == width else "light")
        page.reload()
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        ends = "[...document.querySelectorAll('main svg')].filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect().right)"
        assert all(end <= width for end in page.evaluate(ends))
        assert not (both or width == dark) or faults(page) == []
    assert all(address.startswith("file:") for address in asked)
    page.get_by_role("searchbox").fill("x")
    page.get_by_role("status").filter(has_text=re.compile(r"\S")).wait_for()
    assert said == []
    page.context.close()


@pytest.mark.parametrize("name", MADE)
def test_pages_of_a_whole_country(chromium, whole_country, name):
    check(chromium, whole_country / f"{MADE[name]}.html", 1280, both=name == "home")


@pytest.mark.parametrize("name", REAL)
def test_pages_of_real_notebooks(chromium, awkward_run, name):
    check(chromium, awkward_run / "site" / f"{REAL[name]}.html", 360, both=name in ("province-vi", "district-vi"))


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("ha noi", "Hà Nội · Tổng quan · 2024"),
        ("hanoi 2024 tham gia", "Hà Nội · 1. Tham gia của người dân · 2024"),
        ("Da Nang", "Đà Nẵng · Tổng quan · 2024"),
        ("ÐÀ NẴNG", "Đà Nẵng · Tổng quan · 2024"),
        ("khong khi", "Hà Nam · Tổng quan · 2024"),
        ("dong da", "Quận Đống Đa, Hà Nội · Tổng quan · 2024 (dữ liệu mô phỏng)"),
        ("sài gòn", "Hồ Chí Minh · Tổng quan · 2024"),
        ("thay doi", "Những gì đã thay đổi so với lần chạy trước"),
    ],
)
def test_search_finds_what_is_typed_without_diacritics(chromium, whole_country, typed, first):
    page, said, _ = look(chromium, whole_country / "2024/vi/ha-noi/00_overview.html")
    page.get_by_role("searchbox").press_sequentially(typed)
    assert page.locator(".found a").first.text_content() == first
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_load_state()
    assert page.locator("h1").text_content()
    assert said == []
    page.context.close()


def test_search_says_when_nothing_is_found(chromium, whole_country):
    page, *_ = look(chromium, whole_country / "index.html")
    for typed in ("atlantis", "oi tong"):  # no place has a word that begins so
        page.get_by_role("searchbox").fill(typed)
        assert page.get_by_role("status").text_content() == "Không tìm thấy."
    page.context.close()


def test_tables_sort_by_keyboard(chromium, whole_country):
    page, *_ = look(chromium, whole_country / "index.html")
    table = page.locator("table").first
    names = table.locator("tbody th")
    page.get_by_role("button", name="Tỉnh", exact=True).press("Enter")
    order = [n.replace("Cà Mau", HOSTILE) for n in sorted(_names(), key=places.sort_key)]
    shown = [n for n in names.all_text_contents() if n != HOSTILE]
    assert shown == [n for n in order if n != HOSTILE]
    table.get_by_role("button", name="Điểm", exact=True).press("Enter")
    table.get_by_role("button", name="Điểm", exact=True).press("Enter")
    shown = names.all_text_contents()
    assert shown[0] == HOSTILE  # the highest code has the highest score
    assert shown[-1] == "Vĩnh Phúc"  # missing stays last
    assert page.get_by_role("columnheader", name="Điểm", exact=True).get_attribute("aria-sort") == "descending"
    page.context.close()


def _names() -> list[str]:
    return [places.province(int(code)).name_vi for code in places.provinces().index]


def test_tables_are_saved_as_csv_without_formulas(chromium, tmp_path):
    record = job("Hà Nội", "ha-noi")
    body = table(("=cmd()", "−1,50"), ('say "x"; =y', "+0,20"))
    run(tmp_path, (record, notebook(record, body)))
    page, said, _ = look(chromium, tmp_path / f"site/{record['path']}.html", accept_downloads=True)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Lưu thành CSV").click()
    waiting.value.save_as(tmp_path / "saved.csv")
    assert waiting.value.suggested_filename == "tong-quan-ha-noi-diem.csv"
    lines = (tmp_path / "saved.csv").read_text(encoding="utf-8-sig").split("\n")
    assert lines[:3] == ['"phần";"điểm"', '"\'=cmd()";-1,50', '"say ""x"";\' =y";0,20']
    page.get_by_text("Xem mã nguồn").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Lưu thành sổ tay phân tích").click()
    waiting.value.save_as(tmp_path / "saved.ipynb")
    nbformat.validate(saved := nbformat.read(tmp_path / "saved.ipynb", 4))
    assert saved.cells[0].source == "page.title()"
    assert said == []
    page.context.close()


def test_chosen_places_stand_side_by_side_and_in_the_address(chromium, whole_country):
    page, said, _ = look(chromium, whole_country / "2024/vi/compare.html")
    page.get_by_label("Địa phương 1").select_option("ha-noi")
    page.get_by_label("Địa phương 3").select_option(label="Huế" if "Huế" in _names() else "Thừa Thiên Huế")
    assert page.url.partition("#")[2] == "ha-noi,thua-thien-hue"
    page.reload()
    assert page.locator("#compared thead th").all_text_contents() == ["nội dung", "Hà Nội", "Thừa Thiên Huế"]
    assert page.locator("#compared tbody tr").first.text_content() == "Tổng điểm41,50 (3)41,50 (3)"
    assert said == []
    page.context.close()


def test_pages_are_readable_without_scripts(chromium, whole_country):
    page, *_ = look(chromium, whole_country / "index.html", java_script_enabled=False)
    assert page.locator("table").first.get_by_role("row").count() == 64
    assert not page.get_by_role("searchbox").is_visible()
    page.goto((whole_country / "2024/vi/ha-noi/quan-dong-da/00_overview.html").as_uri())
    page.get_by_role("link", name="Hà Nội", exact=True).click()  # the list without scripts
    assert page.get_by_role("link", name="Quận Tây Hồ", exact=True).is_visible()
    page.context.close()


def ways(page) -> dict[str, dict[str, str]]:
    """Return the links that the script built, by the list that they stand in."""
    built = {
        name: {a.text_content(): a.get_attribute("href") for a in page.locator(f"{name} a:not([href^='#'])").all()}
        for name in (".notebooks .pages", ".neighbours", ".languages", ".years")
    }
    root = page.evaluate("new URL(given.root, location).href")
    return {
        name: {
            text: page.evaluate("a => new URL(a, location).href", href).removeprefix(root)
            for text, href in links.items()
        }
        for name, links in built.items()
    }


def test_pages_lead_to_those_beside_them(chromium, whole_country):
    """Provinces lead to provinces, districts to those of their province; order is that of names."""
    page, said, _ = look(chromium, whole_country / "2024/vi/hai-phong/01_participation.html")
    assert ways(page) == {
        ".notebooks .pages": {"Tổng quan": "2024/vi/hai-phong/00_overview.html"},
        ".neighbours": {"← Hải Dương": "2024/vi/hai-duong/01_participation.html", "Hậu Giang →": "2024/vi/hau-giang/01_participation.html"},
        ".languages": {"English": "2024/en/hai-phong/01_participation.html"},
        ".years": {},
    }  # fmt: skip
    page.goto((whole_country / "2024/en/ha-noi/quan-ba-dinh/00_overview.html").as_uri())
    assert ways(page) == {
        ".notebooks .pages": {"1. Participation": "2024/en/ha-noi/quan-ba-dinh/01_participation.html"},
        ".neighbours": {"Quận Đống Đa →": "2024/en/ha-noi/quan-dong-da/00_overview.html"},
        ".languages": {"Tiếng Việt": "2024/vi/ha-noi/quan-ba-dinh/00_overview.html"},
        ".years": {},
    }
    assert said == []
    page.context.close()


def test_pages_lead_to_other_years(chromium, tmp_path):
    older, newer = job("Hà Nội", "ha-noi", year=2023), job("Hà Nội", "ha-noi")
    run(tmp_path, (newer, notebook(newer)), (older, notebook(older)))
    page, *_ = look(chromium, tmp_path / f"site/{older['path']}.html")
    assert ways(page)[".years"] == {"2024": "2024/vi/ha-noi/00_overview.html"}
    page.context.close()


def says_simulated_once_on_paper(chromium, path: Path) -> bool:
    page, *_ = look(chromium, path)
    page.emulate_media(media="print")
    shown = page.locator("p.simulated:visible").count()
    page.context.close()
    return shown == 1


def test_simulated_data_say_so_once_also_on_paper(chromium, whole_country):
    assert says_simulated_once_on_paper(chromium, whole_country / "2024/vi/ha-noi/index.html")


@pytest.mark.parametrize("stem", ["00_overview", "20_district_plan"])
def test_pages_of_simulated_districts_say_so_once_also_on_paper(chromium, awkward_run, stem):
    assert says_simulated_once_on_paper(chromium, awkward_run / f"site/2024/vi/ha-noi/quan-ba-dinh/{stem}.html")


def test_every_link_and_button_is_reached_by_the_tab_key(chromium, whole_country):
    page, *_ = look(chromium, whole_country / "2024/vi/hai-phong/00_overview.html")
    wanted = page.locator("a:visible, button:visible, summary:visible, input:visible").count()
    reached = set()
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("(e => e.outerHTML + e.getBoundingClientRect().y)(document.activeElement)"))
        if len(reached) == 1:
            assert page.evaluate("document.activeElement.className") == "skip"
    assert len(reached) >= wanted
    page.context.close()


def test_scripts_in_a_notebook_do_not_run(chromium, tmp_path):
    """The page's own policy refuses them, should an output forget to escape."""
    record = job("Hà Nội", "ha-noi")
    run(tmp_path, (record, notebook(record, HOSTILE, '<img src="x:" onerror="document.title=1">')))
    page, *_ = look(chromium, tmp_path / f"site/{record['path']}.html")
    assert page.title() == "Tổng quan: Hà Nội"
    page.context.close()


def test_system_fonts_show_every_vietnamese_letter(chromium, whole_country):
    """No letter falls back to the box of a missing glyph: each differs from one no font has."""
    page, *_ = look(chromium, whole_country / "index.html")
    same = page.evaluate("""() => {
      const pen = Object.assign(document.createElement("canvas"), { width: 40, height: 40 }).getContext("2d", { willReadFrequently: true });
      pen.font = `24px ${getComputedStyle(document.documentElement).fontFamily}`;
      const draw = (letter) => { pen.clearRect(0, 0, 40, 40); pen.fillText(letter, 5, 30); return pen.getImageData(0, 0, 40, 40).data.join(); };
      const box = draw("\\u{10FFFE}");
      return [..."ăâđêôơưĂÂĐÊÔƠƯàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ"].filter((letter) => draw(letter) === box);
    }""")
    assert same == []
    page.context.close()


def test_summary_has_two_pages_and_the_booklet_it_and_chosen_pages(chromium, tmp_path, monkeypatch):
    """The weakest dimensions are chosen; how a page was made is told once, in the summary."""
    monkeypatch.setenv("PAPI_NO_SANDBOX", "1")  # where tests run as root, it is in a container
    long, made = "Từ năm 2021 đến nay, chưa có nội dung nào thay đổi đủ lớn để tin chắc. " * 2, []
    drawing = '<figure class="picture"><div><svg viewBox="0 0 7 4" role="img" aria-label="x"></svg></div></figure>'
    for number in range(9):
        record = job("Hà Nội", "ha-noi", labels={"notebook": f"{number:02}_x", "title": f"Trục {number}"})
        record["path"] = f"2024/vi/ha-noi/{number:02}_x"
        told = facts(
            record, findings=[long] * 4, dimension=number or None, rank=9 - number, group=1 if number > 4 else 4
        )
        moved = f'<h2>Điểm số thay đổi thế nào qua các năm?</h2><p class="finding">{long * 16 * (not number)}</p>'
        parts = f"<h2>Những nội dung nào tạo nên điểm số này?</h2>{drawing * 2}"
        made.append((record, notebook(record, moved, parts, "<h2>Trang này được làm ra thế nào?</h2>", told=told)))
    run(tmp_path, *made)
    brief, whole = site.booklets(tmp_path)
    assert (brief, whole) == (tmp_path / "site/2024/vi/ha-noi/brief.pdf", tmp_path / "site/2024/vi/ha-noi.pdf")
    pages = [len(re.findall(rb"/Type\s*/Page\b", path.read_bytes())) for path in (brief, whole)]
    assert pages == [2, 2 + 4]  # the overview, of two pages here, and the two weakest dimensions
    assert re.search(rb"/MediaBox\s*\[0 0 59[45](\.\d+)? 84[12](\.\d+)?\]", brief.read_bytes())
    page, said, _ = look(chromium, brief.with_suffix(".html"), 360, bypass_csp=True)
    assert [h.text_content() for h in page.locator("h2").all()][:2] == ["Điểm mạnh", "Điểm yếu"]
    assert "Trục 8." in page.locator("h2 + p").first.text_content()
    assert (said, faults(page)) == ([], [])
    page.context.close()


def test_on_a_phone_questions_beyond_the_fourth_screen_fold_and_open(chromium, tmp_path):
    record = job("Hà Nội", "ha-noi")
    tall = "<p class='finding' style='height: 1500px'>…</p>"
    run(tmp_path, (record, notebook(record, *(f"<h2>Câu {i}?</h2>{tall}" for i in range(5)))))
    page, *_ = look(chromium, tmp_path / f"site/{record['path']}.html", 360)
    assert page.locator(".fold").count() == 4
    assert page.evaluate("document.querySelector('main').getBoundingClientRect().bottom") < 6 * 800
    page.goto(f"{page.url}#q4")
    assert page.locator("#q4 + *, .fold[open] .finding").first.is_visible()
    page.context.close()


def test_booklets_need_chromium(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ValueError, match="install chromium"):
        site.booklets(tmp_path)
