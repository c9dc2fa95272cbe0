"""Talking to the assistant, and what was said."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter, HTTPException, status
from sqlalchemy import select

from app.assistant import AssistantError
from app.dependencies import ServicesDep, SessionDep, UserDep
from app.models import Conversation, Message, User
from app.schemas import Action, ChatIn, ChatOut, ConversationMessages, ConversationOut, MessageOut
from app.tools import TaskTools, definitions

REMEMBERED = 20  # messages of a conversation that the model sees again
TITLE_LENGTH = 80

log = logging.getLogger(__name__)
router = APIRouter(prefix="/api")


@router.post("/chat")
async def chat(said: ChatIn, user: UserDep, rows: SessionDep, shared: ServicesDep) -> ChatOut:
    """One turn: the model answers and may change tasks; both sides are stored. 502 when the model is away."""
    history = []
    if said.conversation_id:
        conversation = await _own_conversation(said.conversation_id, user, rows)
        latest = select(Message).where(Message.conversation_id == conversation.id).order_by(Message.id.desc())
        spoken = (await rows.scalars(latest.limit(REMEMBERED))).all()
        history = [{"role": message.role, "content": message.content} for message in reversed(spoken)]
    else:
        conversation = Conversation(user_id=user.id, title=said.message[:TITLE_LENGTH])
    await rows.commit()  # the model takes seconds; the connection is another request's meanwhile

    tools = TaskTools(shared.database.sessions, user.id)
    try:
        history.append({"role": "user", "content": said.message})
        reply = await shared.assistant.reply(history, definitions(), tools)
    except AssistantError as error:
        if not tools.done:
            raise HTTPException(status.HTTP_502_BAD_GATEWAY, str(error)) from None
        log.warning("The assistant broke off after %s changes", len(tools.done))
        reply = _summary(tools.done)

    rows.add(conversation)
    await rows.flush()
    rows.add(Message(conversation_id=conversation.id, role="user", content=said.message))
    rows.add(Message(conversation_id=conversation.id, role="assistant", content=reply))
    await rows.commit()
    return ChatOut(conversation_id=conversation.id, reply=reply, actions=tools.done)


@router.get("/conversations", response_model=list[ConversationOut])
async def list_conversations(user: UserDep, rows: SessionDep) -> Sequence[Conversation]:
    """All of them, newest first."""
    query = select(Conversation).where(Conversation.user_id == user.id).order_by(Conversation.created_at.desc())
    return (await rows.scalars(query)).all()


@router.get("/conversations/{conversation_id}")
async def get_conversation(conversation_id: UUID, user: UserDep, rows: SessionDep) -> ConversationMessages:
    """What was said in one, in order."""
    conversation = await _own_conversation(conversation_id, user, rows)
    query = select(Message).where(Message.conversation_id == conversation.id).order_by(Message.id)
    messages = [MessageOut.model_validate(message) for message in await rows.scalars(query)]
    return ConversationMessages(id=conversation.id, messages=messages)


async def _own_conversation(conversation_id: UUID, user: User, rows: SessionDep) -> Conversation:
    conversation = await rows.get(Conversation, conversation_id)
    if conversation is None or conversation.user_id != user.id:
        raise HTTPException(status.HTTP_404_NOT_FOUND, "There is no such conversation.")
    return conversation


def _summary(done: list[Action]) -> str:
    changes = ", ".join(f'{action.tool.replace("_", " ")} "{action.title}"' for action in done)
    return f"The assistant broke off, but this was done: {changes}."
