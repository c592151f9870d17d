/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SPDX-FileCopyrightText: 2026 The vmnix authors */
/* Little-endian numbers at any address, and the checksum that PC tables share. */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline void put_le(uint8_t *at, uint64_t value, unsigned int bytes)
{
	while (bytes--) {
		*at++ = value;
		value >>= 8;
	}
}

static inline uint64_t get_le(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | at[bytes];
	return value;
}

/* What makes the sum of all bytes 0 when it takes the place of a zero among them. */
static inline uint8_t checksum(const uint8_t *data, size_t len)
{
	uint8_t sum = 0;

	while (len--)
		sum += *data++;
	return -sum;
}

#endif
