"""Faults at every moment and in every file; the rerun equals an undisturbed run."""
