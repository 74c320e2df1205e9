"""A candidate beside the live version and the baseline, and the gate."""
