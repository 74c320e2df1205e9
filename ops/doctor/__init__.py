"""What commonly goes wrong: each check looks at one subject, and says what fixes what it finds."""
