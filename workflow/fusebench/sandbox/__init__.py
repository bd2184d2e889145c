"""The sandbox around a program of strangers: what it sees, how much it may use, how it ends.

``levels`` chooses the strongest kind of sandbox that works on this machine and makes the command
that starts it, ``watching`` keeps a running program within its limits, ``tree`` ends it with all
that it started. ``inside`` runs between fusebench and the program; it uses the standard library
only.
"""
