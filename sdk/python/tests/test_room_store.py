"""The store of the room as a mapping, over a host that is a dict."""

import types
import unittest

from ws_host_guest import StoreRefused, _host, store


class Err(Exception):
    def __init__(self, name):
        self.value = types.SimpleNamespace(name=name)


class Host:
    def __init__(self):
        self.entries = {}
        self.refusal = None

    def get(self, key):
        return self.entries.get(key)

    def set(self, key, value):
        if self.refusal:
            raise Err(self.refusal)
        self.entries[key] = value

    def delete(self, key):
        self.entries.pop(key, None)

    def clear(self):
        self.entries.clear()

    def list(self, prefix, after, limit):
        found = [key for key in sorted(self.entries) if key.startswith(prefix) and (after is None or key > after)]
        return [(key, self.entries[key]) for key in found[:limit]]

    def usage(self):
        return types.SimpleNamespace(keys=len(self.entries), bytes=sum(len(k) + len(v) for k, v in self.entries.items()))


class StoreTest(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.before = (_host.store, _host.Err)
        _host.store, _host.Err = self.host, Err
        self.addCleanup(self.restore)

    def restore(self):
        _host.store, _host.Err = self.before

    def test_it_is_a_mapping(self):
        store["b"], store["a"] = b"2", bytearray(b"1")
        self.assertEqual((store["a"], store.get("c"), "b" in store, len(store)), (b"1", None, True, 2))
        self.assertEqual((list(store), list(store.items())), (["a", "b"], [("a", b"1"), ("b", b"2")]))
        del store["a"]
        with self.assertRaises(KeyError):
            store["a"]
        with self.assertRaises(KeyError):
            del store["a"]
        self.assertEqual((store.pop("b"), store.setdefault("c", b"3"), store.size_in_bytes), (b"2", b"3", 2))
        store.clear()
        self.assertEqual(len(store), 0)

    def test_entries_with_a_prefix_are_read_in_parts(self):
        for number in range(250):
            store[f"n/{number:03}"] = b""
        store["other"] = b""
        self.assertEqual([key for key, _ in store.entries("n/")], [f"n/{number:03}" for number in range(250)])
        self.assertEqual(store.list("n/", after="n/247", limit=1), [("n/248", b"")])

    def test_a_refusal_is_an_exception_with_its_reason(self):
        self.host.refusal = "ROOM_FULL"
        with self.assertRaises(StoreRefused) as caught:
            store["a"] = b""
        self.assertEqual((caught.exception.reason, str(caught.exception)), ("ROOM_FULL", "the store of this room is full"))

    def test_values_are_bytes_and_keys_text(self):
        with self.assertRaises(TypeError):
            store["a"] = "text"
        with self.assertRaises(TypeError):
            store[1] = b""


if __name__ == "__main__":
    unittest.main()
