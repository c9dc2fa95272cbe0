"""What the assistant may do: a user's tasks by their titles."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.models import Task
from app.schemas import Action, TaskIn, Title


class Rename(TaskIn):
    new_title: Title


class Nothing(BaseModel):
    pass


class NoSuchTask(Exception):
    """No task, or more than one, goes by a title; the text is for the model."""


@dataclass
class TaskTools:
    """The tools of one user during one turn; each call is a transaction of its own and changes are kept in ``done``."""

    sessions: async_sessionmaker[AsyncSession]
    user_id: UUID
    done: list[Action] = field(default_factory=list)

    async def call(self, name: str, arguments: str) -> str:
        """Run one tool on the JSON that the model wrote; the answer, or what was wrong with the call, as JSON."""
        if name not in TOOLS:
            return json.dumps({"error": f"There is no tool {name}."})
        tool = TOOLS[name]
        try:
            asked = tool.arguments.model_validate_json(arguments or "{}")
            async with self.sessions.begin() as rows:
                answer = await tool.run(self, rows, asked)
        except ValidationError as error:
            problems = "; ".join(f"{detail['loc']}: {detail['msg']}" for detail in error.errors())
            return json.dumps({"error": f"The arguments are malformed: {problems}."})
        except NoSuchTask as error:
            return json.dumps({"error": str(error)})
        if isinstance(asked, TaskIn):
            self.done.append(Action(tool=name, title=answer["title"]))
        return json.dumps(answer)

    async def add(self, rows: AsyncSession, asked: TaskIn) -> dict[str, Any]:
        task = Task(user_id=self.user_id, title=asked.title)
        rows.add(task)
        return {"title": task.title, "completed": False}

    async def show(self, rows: AsyncSession, asked: Nothing) -> dict[str, Any]:
        return {
            "tasks": [{"title": task.title, "completed": task.completed} for task in await rows.scalars(self._own())]
        }

    async def complete(self, rows: AsyncSession, asked: TaskIn) -> dict[str, Any]:
        task = await self._find(rows, asked.title)
        task.completed = True
        return {"title": task.title, "completed": True}

    async def rename(self, rows: AsyncSession, asked: Rename) -> dict[str, Any]:
        task = await self._find(rows, asked.title)
        task.title = asked.new_title
        return {"title": task.title, "completed": task.completed}

    async def delete(self, rows: AsyncSession, asked: TaskIn) -> dict[str, Any]:
        task = await self._find(rows, asked.title)
        await rows.delete(task)
        return {"title": task.title, "deleted": True}

    def _own(self) -> Select[Task]:
        return select(Task).where(Task.user_id == self.user_id).order_by(Task.created_at, Task.id)

    async def _find(self, rows: AsyncSession, title: str) -> Task:
        """The one open task of that title, else the one that contains it; done ones come last."""
        tasks = sorted(await rows.scalars(self._own().with_for_update()), key=lambda task: task.completed)
        wanted = title.casefold()
        for task in tasks:
            if task.title.casefold() == wanted:
                return task
        similar = [task for task in tasks if wanted in task.title.casefold()]
        if len(similar) == 1:
            return similar[0]
        raise NoSuchTask(f'{len(similar) or "No"} tasks match "{title}".')


@dataclass(frozen=True)
class Tool:
    description: str
    arguments: type[BaseModel]
    run: Callable[[TaskTools, AsyncSession, Any], Awaitable[dict[str, Any]]]


TOOLS = {
    "add_task": Tool("Add a task to the user's list.", TaskIn, TaskTools.add),
    "list_tasks": Tool("List the user's tasks.", Nothing, TaskTools.show),
    "complete_task": Tool("Mark a task as done.", TaskIn, TaskTools.complete),
    "rename_task": Tool("Give a task another title.", Rename, TaskTools.rename),
    "delete_task": Tool("Delete a task.", TaskIn, TaskTools.delete),
}


def definitions() -> list[dict[str, Any]]:
    """The tools as a chat completion request describes them."""
    return [
        {
            "type": "function",
            "function": {
                "name": name,
                "description": tool.description,
                "parameters": tool.arguments.model_json_schema(),
            },
        }
        for name, tool in TOOLS.items()
    ]
