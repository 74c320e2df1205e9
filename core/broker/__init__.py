"""The broker: Celery's queues, and the Redis that comes along."""
