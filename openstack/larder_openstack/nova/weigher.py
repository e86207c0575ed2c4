# SPDX-License-Identifier: Apache-2.0
"""LarderWeigher: prefers hosts that have the boot's image in their cache already.

It asks nobody: it goes by what LarderFilter's call brought in for the same request. Where nothing is known every host
weighs 0, and the other weighers decide as if there were none of this kind.
"""
from nova import conf as nova_conf
from nova.scheduler import utils
from nova.scheduler import weights

from larder_openstack import opts
from larder_openstack.nova import warm

CONF = nova_conf.CONF


class LarderWeigher(weights.BaseHostWeigher):
    # Warm or not: without bounds Nova would stretch what little there is between the hosts to the full.
    minval = 0.0
    maxval = 1.0

    def __init__(self):
        super().__init__()
        self._section = opts.register(CONF)

    def weight_multiplier(self, host_state):
        """An aggregate may say otherwise, as with Nova's own weighers."""
        return utils.get_weight_multiplier(host_state, 'image_weight_multiplier', self._section.image_weight_multiplier)

    def _weigh_object(self, host_state, weight_properties):
        context = weight_properties._context
        if context is None or not self._section.enabled:
            return 0.0
        return 1.0 if host_state.host in warm.MEMORY.get(warm.key_of(context)) else 0.0
