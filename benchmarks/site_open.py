"""How soon do the site's first pages show on a slow computer, and how much do pages weigh?

The lists of a made-up run: 63 provinces and 30 districts, all notebooks, both languages. Headless
Chromium, slowed down fourfold, opens each list anew, from its folder; told is the median time to the
first paint of contents, to the end of loading, and until a name typed into the search is found. With
``--run FOLDER`` the pages of a real run are weighed too. Written to ``results/site_open.json``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from papi_lib import index, places, report, site
from papi_lib.cli.base import NOTEBOOKS
from papi_lib.site.booklet import browser
from papi_lib.survey import units

SLOWDOWN, TIMES = 4, 7
RESULT = Path(__file__).parent / "results" / "site_open.json"
FINDING = "Chất lượng không khí: thấp hơn trung bình các tỉnh 0,40 điểm (sai số khoảng ±0,26)."


def made_up_run(out: Path) -> None:
    """Write the manifest of a run of all provinces and the simulated city's districts, and make its lists."""
    planned = report.jobs(NOTEBOOKS, ["all"], [index.years()[-1]], ["vi", "en"], [], ["all"])
    moment = "2024-11-24T12:00:00+00:00"
    jobs = []
    for job in planned:
        number = int(job.labels["notebook"][:2])
        facts = {"dimension": number if 0 < number < 10 else None, "findings": [FINDING] * 3, "missing": []}
        facts |= {"score": 41.5, "rank_lower": 4, "rank_upper": 59, "source": "…", "simulated": "parent" in job.labels}
        if facts["simulated"]:
            facts |= {"noise": 0.9, "among": 30, "sample": {"respondents": 142, "clusters": 12}}
        else:
            facts |= {"rank": 29, "group": 1 + job.labels["code"] % 4}
            facts |= {"change": {"since": 2023, "points": -0.4, "noise": 0.5, "clear": False}}
        jobs.append({"path": job.path, "labels": job.labels, "status": "done", "started": moment, "facts": facts})
    out.mkdir()
    (out / "manifest.json").write_text(json.dumps({"finished": moment, "jobs": jobs}), encoding="utf-8")
    site.build(out)


def open_slowly(chromium: Browser, page: Path, typed: str) -> dict[str, float]:
    """Return milliseconds to the first paint of contents, to the end of loading, to the first hit of a search."""
    tab = chromium.new_page(bypass_csp=True)  # for waiting by script
    tab.context.new_cdp_session(tab).send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    tab.goto(page.as_uri(), wait_until="load")
    tab.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    times = tab.evaluate("""() => ({
      first_paint_ms: performance.getEntriesByName("first-contentful-paint")[0].startTime,
      loaded_ms: performance.getEntriesByType("navigation")[0].loadEventEnd})""")
    start = tab.evaluate("performance.now()")
    tab.get_by_role("searchbox").fill(typed)
    tab.wait_for_selector(".found a")
    times["search_ms"] = tab.evaluate("performance.now()") - start
    tab.close()
    return times


def weights(run: Path) -> dict[str, float]:
    """Return the mean weight of a run's pages in kB, of provinces and districts, and the heaviest."""
    kilobytes = {}
    for job in json.loads((run / "manifest.json").read_text(encoding="utf-8"))["jobs"]:
        if job["labels"]["level"]:
            size = (run / "site" / f"{job['path']}.html").stat().st_size / 1000
            kilobytes.setdefault(job["labels"]["level"], []).append(size)
    everything = sum(kilobytes.values(), [])
    means = {f"mean_{level}_kb": round(statistics.mean(sizes), 1) for level, sizes in kilobytes.items()}
    return {"pages": len(everything), "mean_kb": round(statistics.mean(everything), 1)} | means | {"largest_kb": round(max(everything), 1)}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, help="Run folder whose pages are weighed.")
    run = parser.parse_args().run
    known = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}
    result = {
        "slowdown": SLOWDOWN,
        "provinces": len(places.provinces()),
        "districts": len(units.load().units),
    }
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as driver:
        out = Path(scratch) / "run"
        made_up_run(out)
        quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        chromium = driver.chromium.launch(executable_path=browser(), args=quiet)
        folder = out / "site" / f"{index.years()[-1]}" / "vi"
        for name, page in (("home", out / "site" / "index.html"), ("province", folder / "ha-noi" / "index.html")):
            runs = [open_slowly(chromium, page, "ba dinh") for _ in range(TIMES)]
            result[name] = {key: round(statistics.median(r[key] for r in runs)) for key in runs[0]}
            result[name]["kb"] = round(page.stat().st_size / 1000)
        chromium.close()
        for asset in sorted((out / "site" / "assets").iterdir()):
            result.setdefault("assets_kb", {})[asset.name] = round(asset.stat().st_size / 1000, 1)
    result |= {"weights": weights(run)} if run else {k: v for k, v in known.items() if k == "weights"}
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
