"""Telling others of new suggestions and of disputed tags."""
