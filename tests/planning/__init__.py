"""Tests of the parameters of jobs and of what jobs ask for."""
