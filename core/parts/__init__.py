"""What the parts of the service show of themselves while they run: to the database, to Docker."""
