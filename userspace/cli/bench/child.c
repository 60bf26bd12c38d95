// SPDX-License-Identifier: GPL-2.0
/* What all children of the benchmark begin with. */
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "child.h"
#include "cli.h"

void bench_become_child(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_IGN);
	if (getppid() != parent)
		_exit(CLI_FAILED);
}
