"""What the database says of its WARC files and of itself: whether it holds, and what is set right where it does not."""
