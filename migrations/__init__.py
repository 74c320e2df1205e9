"""The database's migrations; `core.migrate` runs them."""
