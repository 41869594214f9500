"""The database: the only place that knows peewee. Repositories take and return frozen dataclasses."""
