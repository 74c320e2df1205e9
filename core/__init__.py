"""What the poller, the worker, the trainer and the review page share."""

__version__ = "0.1.0"
