"""The worker: from the queue, through the model, to predictions."""
