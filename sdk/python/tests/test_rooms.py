"""Messages to other rooms, and from them."""

import unittest

from ws_host_guest import App, Status, rooms
from ws_host_guest.testing import Room


class Rooms(unittest.TestCase):
    def setUp(self):
        self.app = App()

        @self.app.on_message
        def said(client, message):
            name, _, text = message.partition(" ")
            client.send(rooms.send(name, text, create=text == "begin").value)
            if text == "fail":
                raise ValueError("no")

        @self.app.on_event
        def told(source, message):
            if source.api is not None:
                return self.app.broadcast(f"the API as {source.api} says {message}")
            rooms.send(source.room, message)
            self.app.broadcast(f"{source.room} says {message} to {rooms.name()}")

        self.room = Room(self.app, name="/match/1")

    def test_messages_go_to_rooms_and_come_from_them(self):
        ann = self.room.join()
        self.room.hears_from("/lobby", "hello")
        self.assertEqual(self.room.hears(ann), ["/lobby says hello to /match/1"])
        self.assertEqual((self.room.sent(), self.room.sent()), ([("/lobby", "hello")], []))
        self.room.hears_from_outside("shop", "paid")
        self.assertEqual(self.room.hears(ann), ["the API as shop says paid"])
        self.room.hears_from("/lobby", b"\1")
        self.assertEqual(self.room.sent(), [("/lobby", b"\1")])

    def test_a_room_that_does_not_exist_is_a_status_or_begins(self):
        ann = self.room.join()
        self.room.lacks("/match/2")
        for message in ("/match/2 hello", "/match/2 begin", "/match/2 hello", " hello"):
            self.room.says(ann, message)
        self.assertEqual(self.room.hears(ann), ["no-such-room", "ok", "ok", "invalid-name"])
        self.assertEqual(self.room.sent(), [("/match/2", "begin"), ("/match/2", "hello")])
        self.assertFalse(Status.NO_SUCH_ROOM)

    def test_a_handler_that_fails_has_sent_nothing(self):
        with self.assertRaises(ValueError):
            self.room.says(self.room.join(), "/lobby fail")
        self.assertEqual(self.room.sent(), [])


if __name__ == "__main__":
    unittest.main()
