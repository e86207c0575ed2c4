#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The clients of test_api.c: every route with good requests, every role, and whatever may go wrong.

test_api starts this with the name of the part to run.
"""

import sys

import api_hostile
import api_observe
import api_trouble
import api_watch
import api_work

PARTS = {"observe": api_observe.observe, "work": api_work.work, "roles": api_work.roles, "hostile": api_hostile.hostile,
         "slow": api_trouble.slow, "outage": api_trouble.outage,
         "watch": api_watch.watch, "closed": api_watch.watch_closed, "off": api_watch.watch_off,
         "only": api_watch.watch_only, "hung": api_watch.hung, "fresh": api_trouble.fresh, "tls": api_trouble.tls}

PARTS[sys.argv[1]]()
