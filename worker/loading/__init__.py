"""What a worker loads as it starts."""
