"""Every system on one split of a site's questions: a table, and a report to look at."""
