"""Deployment of other projects: code of whoever deploys it is run here.

So these endpoints need an operator's key, and scrapy.cfg leaves them out until it is told to have them.
"""

from __future__ import annotations

import zipfile
from io import BytesIO

from scrapyd.webservice import spider_list
from twisted.internet.threads import deferToThread
from twisted.web.server import Request

from runo_spiders.daemon.asking import OWN_PROJECT
from runo_spiders.daemon.endpoints import Command, arguments_of, check_operator, taken
from runo_spiders.daemon.json_resource import Answer
from runo_spiders.errors import UsageMistake


class AddVersion(Command):
    """`addversion.json`: an egg is kept if its spiders can be listed."""

    async def answer(self, request: Request) -> Answer:
        check_operator(request)
        egg = request.args.pop(b"egg", [b""])[0]
        given = arguments_of(request)
        project, version = taken(given, "project"), taken(given, "version")
        if project == OWN_PROJECT:
            raise UsageMistake(f"argument project: {project!r} is the project in which this daemon runs")
        if not zipfile.is_zipfile(BytesIO(egg)):
            raise UsageMistake("argument egg: is not a ZIP file")
        await deferToThread(self.root.eggstorage.put, BytesIO(egg), project, version)
        try:
            spiders = await deferToThread(spider_list.set, project, version, runner=self.root.runner)
        except Exception:
            await deferToThread(self.root.eggstorage.delete, project, version)
            raise
        finally:
            self.root.update_projects()
        return {"project": project, "version": version, "spiders": len(spiders)}


class DeleteVersion(Command):
    """`delversion.json`."""

    async def answer(self, request: Request) -> Answer:
        check_operator(request)
        given = arguments_of(request)
        project, version = taken(given, "project"), taken(given, "version")
        await deferToThread(self.root.eggstorage.delete, project, version)
        spider_list.delete(project, version)
        self.root.update_projects()
        return {}


class DeleteProject(Command):
    """`delproject.json`."""

    async def answer(self, request: Request) -> Answer:
        check_operator(request)
        project = taken(arguments_of(request), "project")
        await deferToThread(self.root.eggstorage.delete, project)
        spider_list.delete(project)
        self.root.update_projects()
        return {}
