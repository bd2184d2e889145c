"""What runs between fusebench and a program in a sandbox: it shuts the doors, then starts it.

It uses the standard library only, and is started without site-packages, so that it takes little
time and memory.
"""
