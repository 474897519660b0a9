"""Surveys: respondents' records, the questionnaire, estimates by domain, what must not be shown, districts.

What researchers need is here at once: `domain_means` and its fellows of `papi_lib.survey.means`.
"""

from importlib import import_module


def __getattr__(name: str) -> object:
    """Return a name of `papi_lib.survey.means`, which is imported when it is first asked for."""
    if name.startswith("_"):
        raise AttributeError(name)
    return getattr(import_module("papi_lib.survey.means"), name)
