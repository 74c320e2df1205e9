"""What the reports of the trainer are made of: the page, its parts and its pictures."""
