"""What becomes of a network's probabilities before they are told: each step, and their order."""
