"""Training runs: their rows and records, the exported bundle, the promotion."""
