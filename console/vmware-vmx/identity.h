/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/*
 * uuid.bios, by which a machine is known, and uuid.location, which says where its .vmx
 * file was when it got that: in another place the file may be a copy.
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "vmx.h"

/*
 * Before a start: makes up what is missing, does what uuid.action says of a file that has
 * another place now. False: nothing says, and x->question is set. A file that cannot
 * be written is no hindrance.
 */
bool identity_settle(struct vmx *x);

/* The file stays where it is: with a new uuid.bios or the old one, always: as uuid.action too. */
bool identity_change(struct vmx *x, bool create, bool always, char *why);

#endif
