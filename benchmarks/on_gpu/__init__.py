"""What ``benchmarks/gpu.py`` is made of: carrying, running, comparing, and the page."""
