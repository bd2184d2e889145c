"""Tests of files, folders, images and markers."""
