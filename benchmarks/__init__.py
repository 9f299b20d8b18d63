"""What `make bench` runs: each work beside the least code that does the same, in the same run, as a ratio."""
