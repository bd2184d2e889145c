"""The contracts: every structure that one part of fusebench writes and another one reads.

===========================  =======================================  ==========================
module                       what it describes                        written by, read by
===========================  =======================================  ==========================
``contracts.methods``        ``methods.yaml``                         a person, ``registry``
``contracts.datasets``       ``datasets.yaml``                        a person, ``registry``
``contracts.configuration``  ``config/config.yaml``                   a person, ``registry``
``contracts.jobs``           the parameters of the job of each step   ``planning``, ``steps``
``contracts.markers``        how a step ended:                        each step, later steps
                             ``resources/<step>/<key>.json``
``contracts.records``        ``record.json`` of a cell                ``fuse``, all that shows
                                                                      results
``contracts.harness``        ``job.json`` and ``launch.json``         ``fuse`` and
                                                                      ``workflow/harness``
``contracts.tables``         the content of a table or a figure       ``planning``, ``compare``,
                                                                      ``figures``
``contracts.evidence``       verdicts of self-checks and claims       ``evidence``, ``report``
===========================  =======================================  ==========================

``contracts.files`` reads and writes the JSON files among them, ``contracts.schemas`` makes the JSON
schemas of the YAML files. ``docs/contracts.md`` lists every field; ``python -m
fusebench.contracts.documentation`` writes it.
"""
