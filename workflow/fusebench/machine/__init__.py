"""What a machine offers, what a suite needs, and what to do about the difference."""
