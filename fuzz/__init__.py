"""Inputs that nobody sends, and almost real ones, for both services. See docs/fuzzing.md."""
