"""Tests of fusebench.suspicion."""
