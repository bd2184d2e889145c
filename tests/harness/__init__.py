"""Tests of the launcher, which runs inside the environments of the methods."""
