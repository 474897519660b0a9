"""Run many notebooks: plan, execute, resume. Knows nothing of PAPI beyond notebooks and parameters."""

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


def _import_when_called(name: str) -> None:
    """Leave the import of a module of functions until one of them is called."""

    def function(wanted: str):
        if wanted.startswith("__"):
            raise AttributeError(wanted)

        def call(*args, **kwargs):
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]
            return getattr(import_module(name), wanted)(*args, **kwargs)

        return call

    if name not in sys.modules and find_spec(name):
        stand_in = sys.modules[name] = ModuleType(name)
        stand_in.__getattr__ = function


# Whatever reads notebooks imports this check of web addresses, which takes over a second to build its grammar;
# where nobody checks an address nobody need wait for it.
_import_when_called("rfc3987_syntax")
