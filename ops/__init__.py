"""Running the service: up, status, db."""
