"""The database's migrations; `core.database.migrate` runs them."""
