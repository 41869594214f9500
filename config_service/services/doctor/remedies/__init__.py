"""The one catalogue of troubles and remedies: the doctor speaks from it, and the guide is written from it."""
