"""The folder that stands in for a broker."""

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from queue import Empty

import pytest
from kombu import Connection

from config.embedded_broker import Transport


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "messages").mkdir()
    return tmp_path / "messages"


@pytest.fixture
def open_queue(folder):
    """Call it for another connection to the same folder, as another process would have."""
    connections = []
    # kombu remembers for the whole process which queues it has seen.
    name = uuid.uuid4().hex

    def connect():
        connections.append(
            Connection(
                "filesystem://localhost",
                transport=Transport,
                transport_options={
                    "data_folder_in": str(folder),
                    "data_folder_out": str(folder),
                    "control_folder": str(folder.parent / "control"),
                    "polling_interval": 0.01,
                },
            )
        )
        return connections[-1].SimpleQueue(name)

    yield connect
    for connection in connections:
        connection.release()


def take(queue):
    message = queue.get(timeout=1)
    message.ack()
    return message.payload


class TestTheEmbeddedBroker:
    def test_gives_messages_out_in_the_order_they_came(self, open_queue):
        queue = open_queue()
        for number in range(20):
            queue.put(number)

        assert [take(queue) for _ in range(20)] == list(range(20))

    def test_gives_each_message_to_one_worker_only(self, open_queue):
        sender = open_queue()
        for number in range(200):
            sender.put(number)

        def work(queue):
            taken = []
            try:
                while True:
                    taken.append(take(queue))
            except Empty:
                return taken

        with ThreadPoolExecutor(4) as pool:
            found = [n for taken in pool.map(work, [open_queue() for _ in range(4)]) for n in taken]

        assert Counter(found) == Counter(range(200))

    def test_passes_over_a_message_that_cannot_be_read(self, open_queue, folder):
        queue = open_queue()
        (folder / f"00000000000000000001_half.{queue.queue.name}.msg").write_text('{"body": "ab')
        queue.put("whole")

        assert take(queue) == "whole"

    def test_does_not_see_a_message_that_is_still_being_written(self, open_queue, folder):
        queue = open_queue()
        (folder / f".00000000000000000001_half.{queue.queue.name}.msg.part").write_text(
            '{"body": "ab'
        )

        with pytest.raises(Empty):
            take(queue)

    def test_leaves_nothing_behind_in_its_folder(self, open_queue, folder):
        queue = open_queue()
        queue.put("a")
        queue.put("b")
        take(queue)
        queue.clear()

        assert list(folder.iterdir()) == []
