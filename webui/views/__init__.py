"""The pages: each view guards, reads, runs at most one command and answers."""
