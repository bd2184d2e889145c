"""Run the authors' own script on a dataset in its normal form and collect results by pair."""
