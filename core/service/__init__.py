"""How the whole service is doing, as the database and the broker tell it."""
