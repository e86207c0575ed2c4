# SPDX-License-Identifier: Apache-2.0
"""openstack larder image list"""
from osc_lib.command import command

from larder_openstack.osc import columns
from larder_openstack.osc.columns import Plain

STATES = ('wanted', 'caching', 'warm', 'failed', 'unable')

LIST = (
    ('ID', 'id', Plain),
    ('Image', 'image_id', Plain),
    ('Host', 'host', Plain),
    ('State', 'state', Plain),
    ('Reason', 'reason', Plain),
    ('Failures', 'failures', Plain),
    ('Warmed At', 'warmed_at', Plain),
    ('Used At', 'used_at', Plain),
    ('Changed At', 'changed_at', Plain),
)


class ListImage(command.Lister):
    """List which image is in the cache of which compute host, as far as is known"""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('--image', metavar='<image-id>', help='Only this image (ID)')
        parser.add_argument('--state', choices=STATES, help='Only images in this state')
        columns.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        images = self.app.client_manager.larder.list('images', parsed_args.limit, parsed_args.marker,
                                                     image_id=parsed_args.image, state=parsed_args.state)
        return columns.listed(images, LIST)
