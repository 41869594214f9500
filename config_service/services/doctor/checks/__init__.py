"""The checks, one module a group: each looks at facts and says what it saw."""
