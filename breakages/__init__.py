"""What goes wrong with a clinic's mail and its feedback: each breakage is made, named, and repaired."""
