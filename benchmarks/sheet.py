"""Look at the site: 12 pages × 3 widths × 2 themes on one sheet, and what a reader on a phone or with a screen reader meets.

``.venv/bin/python benchmarks/sheet.py output/report`` writes ``output/sheet/*.png`` and prints, a line a fault: pictures
wider than the screen, type under 11 px in them, more than six screens before what is folded, and axe's findings (print
is checked too). Exit code 1 if there are any.
"""

from __future__ import annotations

import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from papi_lib.site.booklet import browser

WIDTHS, THEMES, PAGES, SCREEN, SCREENS, LEAST = (360, 768, 1280), ("light", "dark"), 12, 800, 6, 11
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MEASURE = """() => {
  const shown = [...document.querySelectorAll("svg")].filter((svg) => svg.getClientRects().length);
  const [edge, main] = [document.documentElement.clientWidth, document.querySelector("main").getBoundingClientRect()];
  const sizes = shown.flatMap((svg) => [...svg.querySelectorAll("text")].filter((text) => text.textContent.trim())
    .map((text) => parseFloat(getComputedStyle(text).fontSize) * svg.getScreenCTM().a));
  return {
    wide: shown.filter((svg) => svg.getBoundingClientRect().right > edge + 1).length + (document.documentElement.scrollWidth > edge),
    least: Math.min(...sizes, 99),
    screens: (document.querySelector(".fold") ? [...document.querySelectorAll(".fold")].at(-1) : document.querySelector("main").lastElementChild).getBoundingClientRect().bottom / innerHeight,
  };
}"""


def faults(page: Page, width: int, folds: bool) -> list[str]:
    """Return what is wrong with a page as it is shown."""
    seen, found = page.evaluate(MEASURE), []
    found += ["a picture or the page is wider than the screen"] if seen["wide"] else []
    found += [f"type of {seen['least']:.1f} px"] if width == WIDTHS[0] and seen["least"] < LEAST - 0.05 else []
    found += [f"{seen['screens']:.1f} screens"] if folds and width == WIDTHS[0] and seen["screens"] > SCREENS else []
    return found + axe(page)


def axe(page: Page) -> list[str]:
    """Return the rules that axe finds broken, each with its first place."""
    broken = Axe().run(page, options={"runOnly": RULES, "preload": False}).response["violations"]
    return [f"{rule['id']} ({len(rule['nodes'])}): {rule['nodes'][0]['html'][:120]}" for rule in broken]


def main(out: Path, folder: Path = Path("output/sheet")) -> int:
    """Write the sheet of a run's pages and print its faults; return how many there are."""
    site, number = out / "site", 0
    pages = sorted(site.glob("*/*/*/*.html"), key=lambda path: (path.parent.name, path.name))
    pages = [site / "index.html", *(p for p in site.glob("methods-*.html")), *pages][:PAGES]
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser(), args=["--no-sandbox"])
        for width in WIDTHS:
            for theme in THEMES:
                view = chromium.new_context(
                    viewport={"width": width, "height": SCREEN}, color_scheme=theme, bypass_csp=True
                )
                page, shots = view.new_page(), []
                for path in pages:
                    page.goto(path.as_uri())
                    shots.append(folder / f"{path.stem}-{width}-{theme}.png")
                    page.screenshot(path=shots[-1], clip={"x": 0, "y": 0, "width": width, "height": SCREENS * SCREEN}, full_page=True)  # fmt: skip
                    wrong = faults(page, width, "index" not in path.name)
                    if (width, theme) == (WIDTHS[-1], THEMES[0]):
                        page.emulate_media(media="print")
                        wrong += [f"print: {fault}" for fault in axe(page)]
                        page.emulate_media(media="screen")
                    number += len(wrong)
                    print(*(f"{path.relative_to(site)} at {width} px, {theme}: {fault}" for fault in wrong), sep="\n", end="\n" if wrong else "")  # fmt: skip
                view.close()
                _paste(shots, folder / f"sheet-{width}-{theme}.png")
        chromium.close()
    return number


def _paste(shots: list[Path], sheet: Path, height: int = 1400) -> None:
    images = [Image.open(path) for path in shots]
    images = [image.resize((image.width * height // image.height, height)) for image in images]
    whole = Image.new("RGB", (sum(image.width + 8 for image in images), height), "#808080")
    at = 0
    for image in images:
        whole.paste(image, (at, 0))
        at += image.width + 8
    whole.save(sheet)


if __name__ == "__main__":
    sys.exit(min(main(*map(Path, sys.argv[1:])), 1))
