"""Run many notebooks: plan, execute, resume. Knows nothing of PAPI beyond notebooks and parameters."""

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


def _is_valid_syntax(*args: str) -> bool:
    if sys.modules.get(_later.__name__) is _later:
        del sys.modules[_later.__name__]
    return import_module(_later.__name__).is_valid_syntax(*args)


# Whatever reads notebooks imports this check of web addresses, which takes over a second to build its grammar. It is
# imported when an address is to be checked.
_later = ModuleType("rfc3987_syntax")
vars(_later)["is_valid_syntax"] = _is_valid_syntax
if find_spec(_later.__name__):
    sys.modules.setdefault(_later.__name__, _later)
