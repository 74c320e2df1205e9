"""What the poller, the worker, the trainer and the review page share."""
