"""The page ``results/report/index.html``, the data package and the archive."""
