"""fusebench: rerun published image-fusion methods and compare them under one protocol.

The packages follow the flow. Each package knows only the ones before it::

    registry -> sources -> environments -> datasets -> fuse -> measure -> compare

``metrics`` holds the formulas that ``measure`` applies, ``command`` the ``fusebench`` command.
Nothing in here imports Snakemake; the rules in ``workflow/rules`` call this package.
"""

__version__ = "0.1.0"
