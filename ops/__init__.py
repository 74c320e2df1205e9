"""Running the service: up, status, doctor, db."""
