"""What jobs are told and what they ask for."""
