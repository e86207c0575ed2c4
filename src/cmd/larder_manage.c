/* SPDX-License-Identifier: Apache-2.0 */
/* larder-manage's main. */
#include "cmd/manage.h"

int main(int argc, char **argv)
{
    return manage_main(argc, argv);
}
