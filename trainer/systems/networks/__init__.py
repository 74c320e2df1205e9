"""What the systems that are Keras networks have in common."""
