# SPDX-License-Identifier: Apache-2.0
"""The attacks of doc/security.md, by what is attacked; importing them fills the table.

    table    the table, and how a row comes into it
    scene    what there is to be had, and how a tenant asks for it
    claims   request ids: forged, another's, replayed
    items    another project's images, types, and items by their ids
    routes   Larder's API: who may call which route
    tokens   Larder's API: tokens, and the role that the hooks need
    wires    connections with TLS: a server that stands for another
    secrets  where passwords, tokens and transfer keys could be read
    bus      notifications that no service sent
"""
from attacks import claims, items, routes, tokens, wires, secrets, bus  # noqa: F401 (the order of the rows)
