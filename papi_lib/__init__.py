"""PAPI, Viet Nam's provincial governance and public administration index, as a small library.

Modules are imported one by one (``from papi_lib import published``), so that nothing heavy is
loaded before it is needed.
"""

__version__ = "0.1.0"
