"""An AWS stand-in for development, demonstrations and tests; never part of production.

ministack answers the AWS API. Around it this package adds what no emulator does: signed SNS messages,
SNS's retries and dead letters, and the events of the SES mailbox simulator.
"""
