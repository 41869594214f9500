"""What is measured beside the project's own services: applications for gunicorn."""
