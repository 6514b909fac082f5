"""What Scrapy's command line sees of our commands. What they do stands in `console`, and is imported late.

Scrapy imports the commands of all packages of an environment, whatever is asked for.
"""
