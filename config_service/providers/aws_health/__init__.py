"""What an AWS account says of itself: whose it is, how it may send, and how its mail was received."""
