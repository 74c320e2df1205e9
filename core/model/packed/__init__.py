"""A bundle's zip, read without NumPy or the bundle's schema."""
