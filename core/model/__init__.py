"""From text to tags: tokenizer, encoding, bundle, predictor, and the registry of versions."""
