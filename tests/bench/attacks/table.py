# SPDX-License-Identifier: Apache-2.0
"""The table of attacks."""
ROWS = {}       # name: (function, arguments)
SOME_ID = '11111111-2222-4333-8444-555555555555'    # of nothing that there is


def attack(name, *arguments):
    """Registers a row. The function gives evidence, a sentence, when the attack got through, and else None."""
    def register(function):
        assert name not in ROWS, name
        ROWS[name] = (function, arguments)
        return function
    return register
