"""Statistics of a comparison: per-image values in, intervals, tests, ranks and correlations out.

Everything is computed by scipy, scikit-posthocs and pandas; what is decided here is which values
are compared with which. ``docs/statistics.md`` says what each number means and what it cannot
carry.
"""
