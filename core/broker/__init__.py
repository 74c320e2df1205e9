"""The broker: Celery's queues over Redis or RabbitMQ, and the Redis that comes along."""
