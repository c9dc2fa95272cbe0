"""Settings -> application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app import errors
from app.assistant import Assistant
from app.database import Database
from app.dependencies import Services
from app.requests import BodyLimit, RequestLog
from app.routes import accounts, chat, health, tasks
from app.security import Passwords, SignIns
from app.settings import Settings


def create_app(settings: Settings) -> FastAPI:
    """The application; it opens connections when it starts and gives them back when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        shared = Services(
            settings=settings,
            database=Database(
                settings.database(), pool_size=settings.database_pool_size, prepare=settings.prepare_statements()
            ),
            assistant=Assistant(
                settings.openrouter_base_url,
                settings.openrouter_api_key.get_secret_value(),
                settings.openrouter_model,
            ),
            passwords=Passwords(),
            sign_ins=SignIns(),
        )
        app.state.services = shared
        yield
        await shared.assistant.close()
        await shared.database.engine.dispose()

    app = FastAPI(title="Plannoir", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.add_middleware(BodyLimit)
    app.add_middleware(RequestLog)  # the outermost: it logs what the limit refuses, too
    errors.install(app)
    for module in (health, accounts, tasks, chat):
        app.include_router(module.router)
    return app
