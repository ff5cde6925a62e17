"""Broken or hostile documents have the results in the table, and no external entity is read."""

import socket

import pytest

from tests.pipeline.documents import DOCUMENTS, Document, find_result, list_texts


@pytest.mark.parametrize("document", DOCUMENTS, ids=[one.what for one in DOCUMENTS])
def test_each_document_has_the_result_in_the_table(document: Document) -> None:
    assert find_result(document) == document.result


@pytest.mark.parametrize("document", [one for one in DOCUMENTS if b"<!ENTITY" in one.body], ids=lambda one: one.what)
def test_no_entity_is_resolved(document: Document) -> None:
    texts = " ".join(list_texts(document))
    assert socket.gethostname() not in texts
    assert "haha" not in texts
