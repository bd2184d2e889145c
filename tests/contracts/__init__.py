"""Tests of the structures that parts of fusebench write for each other."""
