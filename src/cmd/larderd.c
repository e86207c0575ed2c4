/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's main. */
#include "cmd/daemon.h"

int main(int argc, char **argv)
{
    return daemon_main(argc, argv);
}
