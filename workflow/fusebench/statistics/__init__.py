"""Statistics of a comparison: per-image values in, intervals, tests, ranks and correlations out.

scipy, scikit-posthocs and pandas compute everything; this package decides which values are
compared. ``docs/tables.md`` says what each number means and what it cannot show.
"""
