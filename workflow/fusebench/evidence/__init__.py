"""Evidence: does a method do what its authors published?

There are three kinds of evidence, each a file below ``results``: the images that authors committed
beside their sample inputs, compared with what their script gives here (``selfcheck``,
``committed``, ``comparison``); further runs with another seed (``determinism``); and the numbers
that papers print, compared with what is measured here (``importing``, ``judging``). ``pages``
writes one page for each method.
"""
