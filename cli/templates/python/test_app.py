"""The handlers in a room without a host."""

import unittest

from ws_host_guest.testing import Room

from app import app


class Chat(unittest.TestCase):
    def test_everybody_hears_a_text_with_the_name_of_its_guest(self) -> None:
        room = Room(app)
        ann, ben = room.join(), room.join()
        self.assertEqual(room.hears(ben), ["* guest-2 has joined"])
        room.says(ann, "hello")
        self.assertEqual(room.hears(ben), ["guest-1: hello"])

    def test_binary_messages_go_to_the_others(self) -> None:
        room = Room(app)
        ann, ben = room.join(), room.join()
        room.hears(ann)
        room.says(ann, b"\x00\xff")
        self.assertEqual((room.hears(ann), room.hears(ben)[1:]), ([], [b"\x00\xff"]))
