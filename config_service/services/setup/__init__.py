"""From an empty AWS account to a confirmed feedback loop: planned, brought about, taken away."""
