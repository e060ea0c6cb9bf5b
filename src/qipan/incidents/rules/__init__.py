"""What an incident may become and by when: plain Python, no database."""
