"""A user's tasks."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, HTTPException, status
from sqlalchemy import select

from app.dependencies import SessionDep, UserDep
from app.models import Task, User
from app.schemas import TaskChange, TaskIn, TaskOut

router = APIRouter(prefix="/api/tasks")


@router.get("", response_model=list[TaskOut])
async def list_tasks(user: UserDep, rows: SessionDep) -> Sequence[Task]:
    """All of them, oldest first."""
    query = select(Task).where(Task.user_id == user.id).order_by(Task.created_at, Task.id)
    return (await rows.scalars(query)).all()


@router.post("", status_code=status.HTTP_201_CREATED, response_model=TaskOut)
async def add_task(task: TaskIn, user: UserDep, rows: SessionDep) -> Task:
    """A new one, not completed."""
    added = Task(user_id=user.id, title=task.title)
    rows.add(added)
    await rows.commit()
    return added


@router.get("/{task_id}", response_model=TaskOut)
async def get_task(task_id: UUID, user: UserDep, rows: SessionDep) -> Task:
    """One."""
    return await _own_task(task_id, user, rows)


@router.patch("/{task_id}", response_model=TaskOut)
async def change_task(task_id: UUID, change: TaskChange, user: UserDep, rows: SessionDep) -> Task:
    """Another title, completed or open again; what is not given stays."""
    task = await _own_task(task_id, user, rows, for_update=True)
    for name, value in change.model_dump(exclude_none=True).items():
        setattr(task, name, value)
    await rows.commit()
    return task


@router.delete("/{task_id}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_task(task_id: UUID, user: UserDep, rows: SessionDep) -> None:
    """Gone for good."""
    await rows.delete(await _own_task(task_id, user, rows, for_update=True))
    await rows.commit()


async def _own_task(task_id: UUID, user: User, rows: SessionDep, *, for_update: bool = False) -> Task:
    query = select(Task).where(Task.id == task_id, Task.user_id == user.id)
    task = await rows.scalar(query.with_for_update() if for_update else query)
    if task is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no such task.")
    return task
