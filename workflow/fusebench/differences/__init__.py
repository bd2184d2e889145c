"""What changed between two results: which cells, which numbers, and why."""
