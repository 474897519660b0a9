"""What kernels for many provinces' pages share beyond `papi_lib.warmup`.

That is what the pages on target and sensitivity compute for all provinces alike, in the latest year. It takes some
seconds, which a few pages would not bring back.
"""

import papi_lib.warmup  # noqa: F401
from papi_lib import index, merged, sensitivity, targets

_latest = index.years()[-1]
targets.climb(1, _latest - 1, 5)  # also fills what any other climb needs
for _part in [None, *index.dimensions(_latest)]:
    merged.rank_sets(_latest, _part)
sensitivity.scenarios(_latest, 10_000, seed=0)
sensitivity.variance_shares(_latest, seed=0)
