"""How fast does the explorer answer? Every control, clicked in a kernel; the first picture after the imports.

A kernel is started as a notebook starts one, so that the messages to the browser count. Each control
is set to each of the values in turn, so that parts, years and provinces come up that were not
computed before. Wall-clock times are what a reader feels and depend on what else the machine does;
processor times do not.
"""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_client.manager import run_kernel

CLICKS = """
import json, os, time
from statistics import median
start = time.perf_counter()
from papi_lib import index
from papi_lib.page import explorer as exploring
imported, spent = time.perf_counter(), time.process_time()
explorer = exploring.start("Hà Nội")
first, drawn = time.perf_counter(), time.process_time()
clicks = [("place", n) for n in ("da nang", "Kiên Giang", "vinh phuc", "ha nol", "Bắc Ninh", "hanoi")]
clicks += [("beside", kind) for kind in ("median", "region", "cities", "best", "another")]
clicks += [("other", n) for n in ("can tho", "Huế", "hai phong")]
for dimension in range(1, 9):
    clicks += [("dimension", dimension)]
    clicks += [("subdimension", key) for key in index.subdimensions(index.years()[-1], dimension)[:2]]
clicks += [("picture", "parts")] + [("dimension", d) for d in (0, 3, 6)] + [("picture", "history")]
clicks += [("years", span) for span in ((2011, 2015), (2016, 2024), (2020, 2020), (2011, 2024))]
clicks += [("lang", "en"), ("lang", "vi")]
wall, processor = {}, {}
for control, value in clicks:
    before, busy = time.perf_counter(), time.process_time()
    setattr(getattr(explorer, control), "value", value)
    processor.setdefault(control, []).append(1000 * (time.process_time() - busy))
    wall.setdefault(control, []).append(1000 * (time.perf_counter() - before))
every = {name: sum(times.values(), []) for name, times in (("wall", wall), ("processor", processor))}
print(json.dumps({
    "imports_s": round(imported - start, 2),
    "first_picture_s": {"wall": round(first - imported, 2), "processor": round(drawn - spent, 2)},
    "load_per_core": round(os.getloadavg()[0] / os.cpu_count(), 1),
    "clicks": len(clicks),
    "ms": {name: {"median": round(median(times)), "max": round(max(times))} for name, times in every.items()},
    "ms_by_control": {
        name: {"median": round(median(times)), "max": round(max(times)), "max_processor": round(max(processor[name]))}
        for name, times in wall.items()
    },
}))
"""


def main() -> None:
    """Click through a kernel, print the times and save them in ``benchmarks/results/``."""
    with run_kernel(kernel_name="python3") as client:
        said: list[str] = []
        reply = client.execute_interactive(
            CLICKS,
            timeout=300,
            output_hook=lambda message: said.append(message["content"].get("text", "")),
        )
        if reply["content"]["status"] != "ok":
            raise RuntimeError("\n".join(reply["content"]["traceback"]))
    result = json.loads("".join(said).strip().splitlines()[-1])
    path = Path(__file__).parent / "results" / "explore_speed.json"
    path.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
