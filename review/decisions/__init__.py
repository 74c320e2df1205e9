"""What reviewers decide: saved, undone, chosen next and counted, without any web."""
