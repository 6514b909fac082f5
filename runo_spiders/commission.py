"""What a run is given by whoever starts it, beside the job itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from runo_spiders.book import Book
from runo_spiders.net.credentials import Credentials


@dataclass(frozen=True, slots=True)
class Commission:
    """`credentials` go to the sites that were asked for, and to nobody else.

    `trusted` is whether the hosts that were asked for may be private ones: so it is for an operator, not for
    a stranger. `completed` is whether URLs without a row get one when the rows are read, so that none is made
    up for those which were not fetched.
    """

    book: Book
    credentials: Credentials = field(default_factory=Credentials)
    trusted: bool = True
    completed: bool = False
