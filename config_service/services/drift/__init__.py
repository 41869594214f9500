"""Our suppression lists beside the one that SES keeps for each account."""
