"""Tests of the command `fusebench`."""
