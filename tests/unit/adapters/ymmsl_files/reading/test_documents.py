"""Reading files without log lines from the libraries that read them."""

import logging

from adapters.ymmsl_files.reading.documents import read_documents


def test_libraries_log_nothing_at_info_while_a_file_is_read(caplog):
    caplog.set_level(logging.INFO)
    documents, problems = read_documents(["ymmsl_version: v0.2\nsettings: {x: 1}\n"], [])
    assert (len(documents), problems) == (1, [])
    assert caplog.records == []
