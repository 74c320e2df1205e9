"""Questions in the database: from being stored to being tagged or parked."""
