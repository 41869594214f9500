"""The one error that ends the program before it serves."""


class StartError(Exception):
    """Raised when the stand-in cannot start; its text is one line that says what to do."""
