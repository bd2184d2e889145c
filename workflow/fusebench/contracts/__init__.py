"""The contracts: every structure that one part of fusebench writes and another one reads.

============================  ================================================
=================================== module                        what it describes
written by, read by ============================  ================================================
=================================== ``contracts.methods``         ``methods.yaml``
a person, ``registry`` ``contracts.datasets``        ``datasets.yaml``
a person, ``registry`` ``contracts.configuration``   ``config/config.yaml``
a person, ``registry`` ``contracts.jobs``            what the job of each step is told
``planning``, ``steps`` ``contracts.markers``         how a step ended:
``resources/<step>/<key>.json`` each step, the steps after it ``contracts.records``
``record.json`` of a cell                         ``fuse``, whatever shows results
``contracts.harness``         ``job.json`` and ``launch.json``                  ``fuse`` and
``workflow/harness`` ``contracts.tables``          what a table or a figure shows ``planning``,
``compare``, ``figures`` ``contracts.evidence``        verdicts of self-checks and claims
``evidence``, ``report`` ============================
================================================  ===================================

``contracts.files`` reads and writes the JSON files among them, ``contracts.schemas`` makes the JSON
schemas of the YAML files. ``docs/contracts.md`` lists every field; ``python -m
fusebench.contracts.documentation`` writes it.
"""
