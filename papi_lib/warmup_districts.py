"""What kernels for districts' pages share beyond `papi_lib.warmup`: the simulated survey, its ranks and models."""

import papi_lib.warmup  # noqa: F401
from papi_lib import districts, index

_survey = districts.load()
for _series in [*index.dimensions(_survey.year), "total"]:
    _survey.rank_sets(_series)
_ = _survey.models
