/* SPDX-License-Identifier: GPL-2.0 */
/* How `zcx send' says what became of it. */
#ifndef SEND_REPORT_H
#define SEND_REPORT_H

#include "send.h"

/**
 * struct send_outcome - a job that has ended
 * @job: what was sent, and the sums
 * @destination: as typed
 * @method: how it was sent
 * @seconds: it took
 * @error: errno (positive), or 0
 * @about: whose errno that is
 * @said: the user knows of the error already
 */
struct send_outcome {
	const struct send_job *job;
	const char *destination;
	const struct send_method *method;
	double seconds;
	int error;
	enum zcx_hint_about about;
	bool said;
};

void send_report_text(const struct send_outcome *outcome);

/* An object, or an array of them if there are several. */
void send_report_json(const struct send_outcome *outcomes, size_t count);

/* On standard error, if there is one. */
void send_report_error(const struct send_outcome *outcome);

#endif /* SEND_REPORT_H */
