"""Arrays of many bands: their files, their axes, and pictures of them.

The normal form is channel-last, ``(H, W, C)``, in the numbers of the file.
"""
