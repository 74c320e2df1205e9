"""The service's figures for Prometheus, from the database and the broker."""
