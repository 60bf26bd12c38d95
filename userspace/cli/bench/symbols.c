// SPDX-License-Identifier: GPL-2.0
/* Where the running kernel has its functions. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "symbols.h"

/* The kernel makes up the file anew whenever it is read, which takes long. */
static struct {
	char name[32];
	uint64_t address;
} known[8];
static unsigned int known_count;

static int look_up(const char *name, uint64_t *address)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	char line[512], kind, found[128];
	int ret = -ENOENT;

	if (!file)
		return -errno;
	while (ret == -ENOENT && fgets(line, sizeof(line), file)) {
		/* Modules come after the kernel and have "\t[NAME]" added. */
		if (!strstr(line, name) ||
		    sscanf(line, "%" SCNx64 " %c %127s", address, &kind,
			   found) != 3 || strcmp(found, name))
			continue;
		if (kind == 'T' || kind == 't')
			ret = *address ? 0 : -EPERM;
	}
	fclose(file);
	return ret;
}

int symbol_address(const char *name, uint64_t *address)
{
	unsigned int i;
	int ret;

	for (i = 0; i < known_count; i++) {
		if (strcmp(known[i].name, name))
			continue;
		*address = known[i].address;
		return 0;
	}
	ret = look_up(name, address);
	if (ret || known_count == ARRAY_SIZE(known) ||
	    strlen(name) >= sizeof(known[0].name))
		return ret;
	memcpy(known[known_count].name, name, strlen(name) + 1);
	known[known_count++].address = *address;
	return 0;
}
