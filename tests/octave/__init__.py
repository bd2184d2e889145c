"""MATLAB code through GNU Octave, with a program that stands in for Octave where it is missing."""
