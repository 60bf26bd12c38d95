// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>

#include "json.h"
#include "zcx.h"

void json_add_u64(struct json_object *to, const char *key, uint64_t value)
{
	json_object_object_add(to, key, json_object_new_uint64(value));
}

void json_add_text(struct json_object *to, const char *key, const char *text)
{
	json_object_object_add(to, key, json_object_new_string(text));
}

void json_add_threshold(struct json_object *to, const char *key, uint64_t bytes)
{
	json_object_object_add(to, key, bytes == ZCX_DIRECT_NEVER ?
			       NULL : json_object_new_uint64(bytes));
}

void json_print(struct json_object *top)
{
	puts(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY));
	json_object_put(top);
}
