"""What stands in a text: writings without spaces, names of tags."""
