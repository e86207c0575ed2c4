/* SPDX-License-Identifier: Apache-2.0 */
/* larderd: all parts started, signals served until one says stop, all parts stopped. */
#ifndef LARDER_CMD_DAEMON_H
#define LARDER_CMD_DAEMON_H

int daemon_main(int argc, char **argv);

#endif
