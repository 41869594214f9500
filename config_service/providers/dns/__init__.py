"""Asks the DNS about a sender's domain."""
