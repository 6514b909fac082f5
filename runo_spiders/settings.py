"""The settings of this project. What makes it safe and quick stands in the add-on, for other projects too."""

BOT_NAME = "runo_spiders"
SPIDER_MODULES = ["runo_spiders.spiders"]
COMMANDS_MODULE = "runo_spiders.commands"
ADDONS = {"runo_spiders.addon.Runo": 300}
