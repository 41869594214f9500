"""What operators run: one module a command, each with its HELP, its arguments and what it does."""
