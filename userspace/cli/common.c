// SPDX-License-Identifier: GPL-2.0
/* Messages, numbers, the device: what the verbs of zcx share. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "zcx.h"

void cli_error(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("zcx: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

int cli_open_device(void)
{
	int fd = zcx_open();
	const char *hint;

	if (fd >= 0)
		return fd;
	hint = zcx_hint(fd, ZCX_HINT_OPEN);
	cli_error("cannot open %s: %s", ZCX_DEVICE, strerror(-fd));
	if (hint)
		cli_error("%s", hint);
	if (fd == -ENOENT)
		cli_error("if there is no such module yet, install it by DKMS: see the README");
	if (fd == -EACCES) {
		const struct passwd *user = getpwuid(geteuid());

		cli_error("as root: usermod -aG zcx %s",
			  user ? user->pw_name : "USER");
	}
	return fd;
}

int cli_open_file(const char *name)
{
	bool is_stdin = !strcmp(name, "-");
	struct stat st;
	int fd;

	if (is_stdin)
		name = "standard input";
	/* Looked at first, since to open a FIFO might take for ever. */
	if (is_stdin ? fstat(STDIN_FILENO, &st) : stat(name, &st)) {
		cli_error("%s: %s", name, strerror(errno));
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		cli_error("%s: %s", name, S_ISDIR(st.st_mode) ?
			  "is a directory; name its files" :
			  "is not a regular file; only those can be sent");
		return -1;
	}
	fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		cli_error("%s: %s", name, strerror(errno));
	return fd;
}

double cli_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static unsigned int suffix_shift(char suffix)
{
	switch (suffix) {
	case 'K': case 'k':
		return 10;
	case 'M': case 'm':
		return 20;
	case 'G': case 'g':
		return 30;
	case 'T': case 't':
		return 40;
	default:
		return 0;
	}
}

bool cli_parse_bytes(const char *text, uint64_t *bytes, const char **end)
{
	unsigned int shift;
	char *after;

	/* strtoull() would take a sign and spaces. */
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*bytes = strtoull(text, &after, 10);
	if (errno)
		return false;
	shift = suffix_shift(*after);
	if (*bytes > UINT64_MAX >> shift)
		return false;
	*bytes <<= shift;
	*end = after + (shift != 0);
	return true;
}

void cli_set_lane(uint32_t *lane, const char *name, struct argp_state *state)
{
	for (*lane = ZCX_LANE_AUTO; *lane <= ZCX_LANE_DIRECT; (*lane)++)
		if (!strcmp(name, zcx_lane_name(*lane)))
			return;
	argp_error(state, "no lane is called '%s'; there are auto, cache and direct",
		   name);
}

void cli_set_threshold(uint64_t *bytes, const char *text,
		       struct argp_state *state)
{
	const char *end;

	*bytes = ZCX_DIRECT_NEVER;
	if (!strcmp(text, "never"))
		return;
	/* To the module, 0 is what it takes by itself. */
	if (!cli_parse_bytes(text, bytes, &end) || *end || !*bytes)
		argp_error(state, "'%s' is no threshold; write a number of bytes, such as 16M, or never",
			   text);
}

bool cli_parse_seconds(const char *text, double *seconds)
{
	char *end;

	*seconds = strtod(text, &end);
	/* A thousandth is what a time-out of 0 would round to: for ever. */
	return end != text && !*end && isfinite(*seconds) &&
	       *seconds >= 0.001 && *seconds <= 1e9;
}

char *cli_format_bytes(double bytes, char *buf, size_t size)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	while (bytes >= 1024 && unit < ARRAY_SIZE(units) - 1) {
		bytes /= 1024;
		unit++;
	}
	snprintf(buf, size, unit ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
	return buf;
}

int cli_set_timeout(int sock, int option, double seconds)
{
	struct timeval tv = {
		.tv_sec = (time_t)seconds,
		.tv_usec = (suseconds_t)((seconds - (time_t)seconds) * 1e6),
	};

	if (setsockopt(sock, SOL_SOCKET, option, &tv, sizeof(tv)))
		return -errno;
	return 0;
}
