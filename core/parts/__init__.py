"""What the parts of the service write into the database of themselves."""
