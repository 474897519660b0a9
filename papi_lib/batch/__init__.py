"""Run many notebooks: plan, execute, resume. Knows nothing of PAPI beyond notebooks and parameters."""
