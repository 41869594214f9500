"""Names what is wrong with a clinic's mail and its feedback, and how to mend it. Changes nothing."""
