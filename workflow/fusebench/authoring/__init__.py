"""Adding a method: a repository is read, an entry is drafted, and the entry is tried.

``reading`` and ``drafting`` look at a clone without running anything of it (``fusebench new``,
``fusebench import-list``); ``trial`` runs an entry on two pairs, and ``proposals`` says what to
change where that fails (``fusebench try``).
"""
