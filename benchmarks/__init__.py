"""Measures this project beside other ways to receive Amazon SES's events: `python -m benchmarks`."""
