# SPDX-License-Identifier: Apache-2.0
"""What the tests and the benchmark of the throw-away cloud share.

    cloud    its services as their users see them, and its databases
    boots    servers: asking for them, watching them become ACTIVE, deleting them
    larder   pools, items and demand through Larder's API; the daemon's process; the audit of rows against the cloud
    compare  all that a tenant's APIs say of a boot, made comparable with another boot's
    case     the test case that the themes are made of
    runner   runs the themes and counts

All of it is run with the environment of lib.sh's with_values (see `tests/cloud/run`), as root.
"""
