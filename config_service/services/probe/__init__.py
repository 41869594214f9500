"""Three mails to SES's mailbox simulator, each followed until its event is recorded."""
