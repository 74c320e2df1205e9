"""The report of a training run: what it says, how it looks, where it is kept."""
