"""The page ``results/report/index.html``, the data package and the archive: results to look around in, and to send."""
