"""What is shown and what is kept while a search runs."""
