"""Tests of the checks that run on a host."""

import json
import socket
import threading

from adapters.ssh_agents import remote_check
from domain.version import VERSION


def test_report_has_versions_and_the_time(capsys):
    remote_check.main(json.dumps({"locations": [], "token": "t", "shared": None}))
    values = json.loads(capsys.readouterr().out)
    assert values["python"].startswith("3.")
    assert values["version"] == VERSION
    assert values["time"] > 0
    assert values["file"] is None


def test_shared_file_is_read_and_answered(tmp_path):
    path = tmp_path / "token"
    path.write_text("t")
    assert remote_check.report([], "t", str(path))["file"] == ""
    assert (tmp_path / "token.answer").read_text() == "t"


def test_missing_shared_file_is_reported():
    assert "No such file" in str(remote_check.report([], "t", "/no/token")["file"])


def test_other_content_of_a_shared_file_is_reported(tmp_path):
    path = tmp_path / "token"
    path.write_text("u")
    assert "another content" in str(remote_check.report([], "t", str(path))["file"])


def test_manager_is_reached_at_a_later_address():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer():
            for reply in (b"x", b"t"):
                sock, _ = server.accept()
                with sock:
                    sock.sendall(reply)

        thread = threading.Thread(target=answer)
        thread.start()
        locations = [("127.0.0.1", port), ("127.0.0.1", port)]
        assert remote_check.report(locations, "t", None)["manager"] == ""
        thread.join()


def test_unreachable_manager_is_reported_with_each_address():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        problem = str(remote_check.report([("127.0.0.1", port)], "t", None)["manager"])
    assert problem.startswith(f"127.0.0.1:{port}: ")
    assert "refused" in problem
