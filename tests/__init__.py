"""The tests of fusebench."""
