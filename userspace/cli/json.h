/* SPDX-License-Identifier: GPL-2.0 */
/* What reports add to JSON objects again and again. */
#ifndef JSON_H
#define JSON_H

#include <json-c/json.h>
#include <stdint.h>

void json_add_u64(struct json_object *to, const char *key, uint64_t value);
void json_add_text(struct json_object *to, const char *key, const char *text);

/* A threshold of direct I/O; null: none, no range is so large. */
void json_add_threshold(struct json_object *to, const char *key,
			uint64_t bytes);

/* Print on standard output, and free. */
void json_print(struct json_object *top);

#endif /* JSON_H */
