"""Tags for texts at once, by the live models, and the words that speak for them."""
