"""Tests of what the YAML files of a project say."""
