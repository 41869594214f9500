"""What both services agree on: SNS's and SES's formats, the internal API, errors, logs and settings."""
