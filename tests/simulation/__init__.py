"""Tests of the simulation of low-resolution sources."""
