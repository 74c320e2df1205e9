"""What `tagger poll --once` and `tagger history` do besides reading feeds."""
