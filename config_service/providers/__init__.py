"""The ways out: one file per provider behind the interface in `base.py`; the only place that knows boto3."""
