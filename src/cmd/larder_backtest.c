/* SPDX-License-Identifier: Apache-2.0 */
/* larder-backtest's main. */
#include "cmd/backtest.h"

int main(int argc, char **argv)
{
    return backtest_main(argc, argv);
}
