"""Asking models: requests that are kept by what they are, so that no step of any run asks one again.

``open_asking(ctx)`` gives the facade, ``asker.ask(requests)`` the results. Nothing here loads torch or a client before
something has to be asked.
"""

from compiler.asking_params import AskingBudget as AskingBudget
from runtime.asking.asker import Asker as Asker
from runtime.asking.backend import Backend as Backend
from runtime.asking.opening import open_asking as open_asking
from runtime.asking.request import Answer as Answer
from runtime.asking.request import Request as Request
from runtime.asking.request import Result as Result
from runtime.asking.request import Unanswered as Unanswered
