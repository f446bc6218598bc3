"""Two people edit one block from the same text, or add schedules at once: nothing is lost unsaid."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from .harness import Server
from .plant import Plant

SOURCE = "pipelines/steps/blocks/lone/source"


def test_of_saves_on_one_text_the_first_counts_and_the_others_get_both_texts(
    tmp_path: Path,
) -> None:
    plant = Plant(tmp_path)
    with Server(plant.project) as server:
        server.wait_ready()
        before = server.get(SOURCE).json()
        condition = {"If-Match": f'"{before["hash"]}"'}
        texts = [f"{before['text']}# of editor {number}\n" for number in range(20)]

        def save(text: str) -> httpx.Response:
            return server.put(SOURCE, {"text": text}, headers=condition)

        with ThreadPoolExecutor(20) as editors:
            answers = list(editors.map(save, texts))
        (saved,) = [answer.json() for answer in answers if answer.is_success]
        assert plant.block_file("lone").read_text() == saved["text"]
        refused = [(t, a) for t, a in zip(texts, answers, strict=True) if not a.is_success]
        assert len(refused) == 19
        for text, answer in refused:
            error = answer.json()["error"]
            assert (answer.status_code, error["code"]) == (409, "conflict")
            assert error["details"]["yours"] == text
            assert error["details"]["text"] == saved["text"]
            assert error["details"]["hash"] == saved["hash"]

        # On what is there now, the next one is saved.
        now = {"If-Match": f'"{saved["hash"]}"'}
        again = server.put(SOURCE, {"text": refused[0][0]}, headers=now)
        assert again.is_success, again.text
        assert plant.block_file("lone").read_text() == refused[0][0]


def test_schedules_that_are_added_at_once_are_all_there(tmp_path: Path) -> None:
    plant = Plant(tmp_path)
    with Server(plant.project, options=()) as server:
        server.wait_ready()

        def add(name: str) -> httpx.Response:
            return server.post("pipelines/steps/triggers", {"name": name, "every": "1h"})

        names = [f"t{number:02}" for number in range(20)]
        with ThreadPoolExecutor(20) as editors:
            answers = list(editors.map(add, names))
        assert [answer.status_code for answer in answers] == [201] * 20
        assert [answer.json()["name"] for answer in answers] == names
        listed = server.get("pipelines/steps/triggers").json()["triggers"]
        assert sorted(trigger["name"] for trigger in listed) == names
