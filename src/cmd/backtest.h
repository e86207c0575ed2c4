/* SPDX-License-Identifier: Apache-2.0 */
/* larder-backtest: the forecasts and the sizing of the daemon, over a recorded trace. */
#ifndef LARDER_CMD_BACKTEST_H
#define LARDER_CMD_BACKTEST_H

int backtest_main(int argc, char **argv);

#endif
