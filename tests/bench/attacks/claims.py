# SPDX-License-Identifier: Apache-2.0
"""A tenant with request ids: made up or somebody else's, with every kind of service token, and used twice."""
from attacks.scene import is_item, port_of, volume_of
from attacks.table import attack
from support import cloud

for WHO in ('demo', 'rival'):
    for HOW in ('bare', 'own-token', 'made-up-token', 'middleware-headers'):
        for WHAT in (port_of, volume_of):
            @attack('request-id-%s-%s-%s' % (WHO, HOW, WHAT.__name__.split('_')[0]), WHO, HOW, WHAT)
            def forged_request_id(scene, who, how, make):
                who = cloud.user(who)
                made = make(scene, who, scene.headers(who, how))
                return made and is_item(made) and 'got item %s' % made


@attack('foreign-claim-port', port_of)
@attack('foreign-claim-volume', volume_of)
def foreign_claim(scene, make):
    """With Nova's own service token, as a taken-over compute host has it: but a claim serves its project only."""
    made = make(scene, scene.rival, scene.headers(scene.rival, 'nova-token'))
    return made and is_item(made) and 'got item %s' % made


@attack('foreign-claim-other-image')
def other_image(scene):
    """The claim is for one image; the request with its id is for another."""
    made = volume_of(scene, scene.demo, scene.headers(scene.demo, 'nova-token'), image=scene.image)
    return made and is_item(made) and 'got item %s' % made


@attack('replayed-claim-port', port_of)
@attack('replayed-claim-volume', volume_of)
def replayed(scene, make):
    """What was taken is asked for again under the same request id, by Nova itself."""
    scene.claim()
    headers = scene.headers(scene.demo, 'nova-token')
    first = make(scene, scene.demo, headers)
    assert is_item(first), 'the claim serves nobody: there is nothing to replay'
    second = make(scene, scene.demo, headers)
    return second and is_item(second) and 'got a second item %s' % second
