"""How low-resolution sources are made from a scene, and brought back to its size.

Arrays in, arrays out; every formula follows a published program, which it names.
"""
