"""What a search keeps: results, events, and the files that hold them. Every package may import it; it imports none."""
