"""The AWS resources that carry SES's feedback to the webhook: seen, planned, made and taken away again."""
