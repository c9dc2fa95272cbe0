"""What goes over the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


def _storable(value: str) -> str:
    if "\x00" in value:  # PostgreSQL stores every other character
        raise ValueError("must not contain NUL characters")
    return value


Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_storable)
]
Said = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000), AfterValidator(_storable)
]
Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_lower=True, max_length=254, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$"),
]


class Row(BaseModel):
    """An answer made from a row."""

    model_config = ConfigDict(from_attributes=True)


class Credentials(BaseModel):
    email: Email
    password: Annotated[str, StringConstraints(min_length=8, max_length=128)]


class UserOut(Row):
    id: UUID
    email: str


class SessionOut(BaseModel):
    token: str
    user: UserOut


class TaskIn(BaseModel):
    title: Title


class TaskChange(BaseModel):
    title: Title | None = None
    completed: bool | None = None


class TaskOut(Row):
    id: UUID
    title: str
    completed: bool
    created_at: datetime


class ChatIn(BaseModel):
    message: Said
    conversation_id: UUID | None = None


class Action(BaseModel):
    """A change that the assistant made."""

    tool: str
    title: str


class ChatOut(BaseModel):
    conversation_id: UUID
    reply: str
    actions: list[Action]


class ConversationOut(Row):
    id: UUID
    title: str
    created_at: datetime


class MessageOut(Row):
    role: Literal["user", "assistant"]
    content: str
    created_at: datetime


class ConversationMessages(BaseModel):
    id: UUID
    messages: list[MessageOut]
