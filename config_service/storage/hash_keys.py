"""Which keys addresses have been hashed with, so that none of them is missed unseen."""

from config_service.storage.database import Database


class HashKeyRepository:
    """The ids of the keys, each with a proof that only the key itself can make."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._db = database

    def proofs(self) -> dict[str, str]:
        """Return the proof of each key by its id."""
        with self._db.reading():
            return dict(self._db.execute("SELECT id, proof FROM address_hash_keys").fetchall())

    def add(self, key_id: str, proof: str) -> None:
        """Write a key down that addresses are hashed with from now on."""
        with self._db.reading():
            sql = "INSERT INTO address_hash_keys (id, proof) VALUES (?, ?) ON CONFLICT DO NOTHING"
            self._db.execute(sql, (key_id, proof))

    def remove(self, key_id: str) -> None:
        """Strike a key out that no address is hashed with any more."""
        with self._db.reading():
            self._db.execute("DELETE FROM address_hash_keys WHERE id = ?", (key_id,))
