"""What pages, API and commands of every room share: answers, cursors, forms, limits, the terminal."""
