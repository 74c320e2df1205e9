"""What reviews come to: agreement of reviewers, and what verdicts changed."""
