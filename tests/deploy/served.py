"""`tests.deploy.served:create_app`: says which process answered, slowly where that is asked for."""

import asyncio
import os
import sys
from pathlib import Path
from uuid import uuid4

from fastapi import FastAPI


def create_app() -> FastAPI:
    if code := os.environ.get("FAILS_WITH"):
        sys.exit(int(code))
    app = FastAPI()

    @app.get("/who")
    async def who(seconds: float = 0) -> dict[str, str | int]:
        if begun := os.environ.get("BEGUN"):
            (Path(begun) / str(uuid4())).touch()
        await asyncio.sleep(seconds)
        return {"pid": os.getpid(), "worker": os.environ.get("ONEDOOR_WORKER", "")}

    return app
