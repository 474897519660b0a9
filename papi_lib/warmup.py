"""What kernels share before they are forked: imports, checked data and the noise of all years.

Importing this module does the work; caches are kept as long as no data file changes, so a kernel
that finds other data computes anew.
"""

# ruff: noqa: F401

from papi_lib import (
    aims,
    charts,
    datafiles,
    district_sections,
    districts,
    forecast,
    index,
    places,
    plans,
    precision,
    provenance,
    published,
    questions,
    sections,
    sensitivity_sections,
)
from papi_lib.wording import LANGUAGES, Words

for _year in index.years():
    precision.standard_errors(_year)
    index.breaks(index.years()[0], _year)
for _year in [y for y in index.years() if y >= forecast.FIRST_BASE]:
    forecast.fit(_year)
datafiles.fingerprint()
provenance.code_version()
plans.tasks(1)
_latest = index.years()[-1]
for _part in [*index.dimensions(_latest), None]:
    precision.rank_sets(_latest, _part)
for _lang in LANGUAGES:
    _page_words = Words(_lang)
    _page_words("Total")
# Drawing once loads fonts and the SVG writer.
charts.history(published.history(1, [None], index.years()[-1]), _page_words, places.province(1)).svg()
