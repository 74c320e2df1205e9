"""Backups: a database's rows in one file, which either kind of database takes back.

`format.py` says what stands in the file, `columns.py` how a value stands there, `scope.py` which
tables; `writing.py` and `restoring.py` are the two ways, `nightly.py` what happens by itself.
"""
