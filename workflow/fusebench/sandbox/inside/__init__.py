"""What runs between fusebench and a program in a sandbox: it shuts the doors, then starts it.

It is started for every process of a script, so it must take little time: it runs without
site-packages, and imports nothing of the standard library that is slow. ``typing``, ``signal``,
``socket``, ``json``, ``pathlib`` and ``contextlib`` would take three times as long as all the rest.
"""
